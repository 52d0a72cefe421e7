import Foundation

/// Where an issuer's key set lies: a file, or an address.
package struct KeySetSource: Sendable {
    private let url: URL
    private let http: IdentityHTTP

    package init(_ url: URL) { self.init(url, over: .shared) }

    init(_ url: URL, over http: IdentityHTTP) {
        self.url = url
        self.http = http
    }

    struct NoAnswer: Error, CustomStringConvertible {
        let description: String
    }

    @Sendable package func load() async throws -> [UInt8] {
        if url.isFileURL { return try file() }
        let answer = try await http.keySet(at: url)
        guard answer.status == 200 else {
            throw NoAnswer(description: "\(url.host ?? "the server") answered \(answer.status)")
        }
        return answer.body
    }

    private func file() throws -> [UInt8] {
        let handle = try FileHandle(forReadingFrom: url)
        defer { try? handle.close() }  // nothing was written
        return Array(try handle.read(upToCount: KeySet.maximumBytes) ?? Data())
    }
}
