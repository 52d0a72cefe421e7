import Foundation
import Synchronization

/// What the worker proves by that it is itself: a token as it was given, or one in a file, which is read again when the
/// file changes, since tokens expire and are replaced there.
final class BearerToken: Sendable {
    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    private enum Origin: Sendable {
        case given(String)
        case file(String)
    }

    private let origin: Origin
    private let known = Mutex<(version: FileVersion, token: String)?>(nil)
    private static let maximumBytes = 8192

    private init(_ origin: Origin) { self.origin = origin }

    static func given(_ token: String) -> BearerToken { BearerToken(.given(token)) }
    static func file(_ path: String) -> BearerToken { BearerToken(.file(path)) }

    /// The token as it is now.
    func current() throws -> String {
        switch origin {
        case .given(let token): return token
        case .file(let path):
            let version = try FileVersion(of: path)
            return try known.withLock { known in
                if let known, known.version == version { return known.token }
                let token = try Self.read(path)
                known = (version, token)
                return token
            }
        }
    }

    private static func read(_ path: String) throws -> String {
        let data = try FileHandle(forReadingFrom: URL(filePath: path)).read(upToCount: maximumBytes) ?? Data()
        let token = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        // Anything else would be a header's end, or no header.
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Unreadable(description: "\(path) holds no token")
        }
        return token
    }
}
