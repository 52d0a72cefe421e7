import AsyncHTTPClient
import Foundation
import NIOCore

/// Asks those who know about tokens over HTTP: one answer, of bounded size, in bounded time, from the very address that
/// was configured.
///
/// A redirect is an answer like any other and is not followed: it would hand the token, or the choice of the keys that
/// count, to the address that it names. Nothing is decompressed, so a small answer stays small.
struct IdentityHTTP: Sendable {
    typealias Answer = (status: Int, body: [UInt8])

    struct TimedOut: Error, CustomStringConvertible {
        var description: String { "no whole answer came in \(IdentityHTTP.timeout)" }
    }

    /// How long an answer may take, from connecting to its last byte.
    static let timeout = Duration.seconds(5)
    static let shared = IdentityHTTP { try await Task.sleep(for: timeout) }
    private static let maximumUserBytes = 1 << 16

    /// Never shut down: it lives as long as the process.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    private let untilTimeout: @Sendable () async throws -> Void

    /// - Parameter untilTimeout: returns when an answer has taken too long.
    init(untilTimeout: @escaping @Sendable () async throws -> Void) { self.untilTimeout = untilTimeout }

    /// Sends the token to an identity service's `verify`.
    func verify(_ token: String, at url: URL) async throws -> Answer {
        var request = HTTPClientRequest(url: url.absoluteString)
        request.method = .POST
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        request.headers.add(name: "Accept", value: "application/json")
        return try await answer(to: request, upTo: Self.maximumUserBytes)
    }

    /// Reads a key set.
    func keySet(at url: URL) async throws -> Answer {
        var request = HTTPClientRequest(url: url.absoluteString)
        request.headers.add(name: "Accept", value: "application/jwk-set+json, application/json")
        return try await answer(to: request, upTo: KeySet.maximumBytes)
    }

    private func answer(to request: HTTPClientRequest, upTo maximumBytes: Int) async throws -> Answer {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            group.addTask {
                // The client's own deadline ends with the answer's head; what follows it could trickle for ever.
                let response = try await Self.client.execute(request, deadline: .distantFuture)
                let body = try await response.body.collect(upTo: maximumBytes)
                return (Int(response.status.code), Array(body.readableBytesView))
            }
            group.addTask {
                try await untilTimeout()
                throw TimedOut()
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw TimedOut() }
            return first
        }
    }
}
