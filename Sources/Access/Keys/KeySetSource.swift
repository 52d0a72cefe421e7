import AsyncHTTPClient
import Foundation

/// Where an issuer's key set lies: a file, or an address.
package struct KeySetSource: Sendable {
    private let url: URL

    package init(_ url: URL) { self.url = url }

    struct NoAnswer: Error, CustomStringConvertible {
        let description: String
    }

    @Sendable package func load() async throws -> [UInt8] {
        if url.isFileURL { return try file() }
        var request = HTTPClientRequest(url: url.absoluteString)
        request.headers.add(name: "Accept", value: "application/jwk-set+json, application/json")
        let response = try await IdentityHTTP.client.execute(request, timeout: IdentityHTTP.timeout)
        guard response.status == .ok else {
            throw NoAnswer(description: "\(url.host ?? "the server") answered \(response.status.code)")
        }
        return Array(try await response.body.collect(upTo: KeySet.maximumBytes).readableBytesView)
    }

    private func file() throws -> [UInt8] {
        let handle = try FileHandle(forReadingFrom: url)
        defer { try? handle.close() }  // nothing was written
        return Array(try handle.read(upToCount: KeySet.maximumBytes) ?? Data())
    }
}
