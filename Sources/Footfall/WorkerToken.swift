import Access
import EventSourcing
import Foundation
import Logging

/// The token of this machine's worker, in a file that only its user can read: renewed long before it expires.
struct WorkerToken: Sendable {
    let file: URL
    let workerID: String
    let issuer: TokenIssuer

    private static let lifetime = Duration.seconds(3600)

    func renew(at now: Timestamp) throws {
        let grant = TokenGrant(
            subject: workerID, roles: [.worker], scope: .assigned(worker: workerID), lifetime: Self.lifetime)
        let token = try issuer.token(for: grant, id: UUID().uuidString.lowercased(), at: now)
        try PrivateFile.replace(file, containing: Array(token.utf8))
    }

    /// Renews it until the task is cancelled. Where that fails there is time to try again.
    func keepRenewing(logger: Logger) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.lifetime / 6)  // cancellation ends the loop
            if Task.isCancelled { return }
            do { try renew(at: Server.now()) } catch {
                logger.error("the worker's token cannot be renewed", metadata: ["reason": "\(error)"])
            }
        }
    }
}
