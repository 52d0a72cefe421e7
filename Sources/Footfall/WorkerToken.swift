import Access
import EventSourcing
import Foundation
import Logging
import Resilience

/// The token of this machine's worker, in a file that only its user can read, in a folder with nothing else: renewed long
/// before it expires.
struct WorkerToken: Sendable {
    let file: URL
    let workerID: String
    let issuer: TokenIssuer

    /// Of the server, which may have ended the token.
    let revocations: Revocations?

    private static let lifetime = Duration.seconds(3600)

    /// - Returns: what the new token says.
    @discardableResult
    func renew(at now: Timestamp) throws -> IssuedTokens.Entry {
        let grant = TokenGrant(
            subject: workerID, roles: [.worker], scope: .assigned(worker: workerID), lifetime: Self.lifetime)
        let id = UUID().uuidString.lowercased()
        let token = try issuer.token(for: grant, id: id, at: now)
        let group = DecodingProcess.user?.group
        try makeFolder(for: group)
        try PrivateFile.replace(file, containing: Array(token.utf8), readableBy: group)
        return IssuedTokens.Entry(grant, id: id, at: now)
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

    /// Renews it until the task is cancelled: when there is time left for a retry, and soon where it was revoked, so that
    /// a worker of this machine goes on when all tokens are ended.
    func keepRenewing(logger: Logger) async {
        var last: IssuedTokens.Entry?
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))  // cancellation ends the loop
            if Task.isCancelled { return }
            let now = Server.now()
            if let last, now < last.issuedAt + Self.lifetime / 6, revocations?.include(last) != true { continue }
            do { last = try renew(at: now) } catch {
                if FailureNotices.shared.isDue("the worker's token cannot be renewed") {
                    logger.error("the worker's token cannot be renewed", metadata: ["reason": "\(error)"])
                }
            }
        }
    }
}
