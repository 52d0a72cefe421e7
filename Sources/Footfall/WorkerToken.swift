import Access
import EventSourcing
import Foundation
import Logging

/// The token of this machine's worker, in a file that only its user can read, in a folder with nothing else: renewed long
/// before it expires.
struct WorkerToken: Sendable {
    let file: URL
    let workerID: String
    let issuer: TokenIssuer

    private static let lifetime = Duration.seconds(3600)

    func renew(at now: Timestamp) throws {
        let grant = TokenGrant(
            subject: workerID, roles: [.worker], scope: .assigned(worker: workerID), lifetime: Self.lifetime)
        let token = try issuer.token(for: grant, id: UUID().uuidString.lowercased(), at: now)
        let group = DecodingProcess.user?.group
        try makeFolder(for: group)
        try PrivateFile.replace(file, containing: Array(token.utf8), readableBy: group)
    }

    /// Nobody but the worker enters it, and the worker changes nothing in it.
    private func makeFolder(for group: gid_t?) throws {
        let folder = file.deletingLastPathComponent().path
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw StartFailure("cannot make the folder \(folder): \(String(cString: strerror(errno)))")
        }
        guard let group else { return }
        guard chown(folder, 0, group) == 0, chmod(folder, 0o750) == 0 else {
            throw StartFailure("cannot let the worker into \(folder): \(String(cString: strerror(errno)))")
        }
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
