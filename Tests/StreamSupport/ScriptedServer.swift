import NIOCore
import NIOSSL
import Synchronization

/// A server on this machine that answers each request by what a test says, and closes then.
package enum ScriptedServer {
    /// Lends the port of a server for as long as the body runs.
    /// - Parameter answer: to the first bytes of a connection; nil says nothing, ever.
    package static func run<Value: Sendable>(
        tls: NIOSSLContext? = nil, _ answer: @escaping @Sendable (String) -> ByteBuffer?,
        _ body: @Sendable (Int) async throws -> Value
    ) async throws -> Value {
        try await StreamServer.run(tls: tls) { requests, answers in
            for try await request in requests {
                guard let bytes = answer(String(buffer: request)) else { continue }
                try await answers.write(bytes)
                if !String(buffer: request).contains("RTSP/") { answers.finish() }
            }
        } _: { port in
            try await body(port)
        }
    }
}

/// Counts calls.
package final class CallCount: Sendable {
    private let calls = Atomic<Int>(0)

    package init() {}

    /// The number of this call, from 1 on.
    package func next() -> Int { calls.wrappingAdd(1, ordering: .relaxed).newValue }
    package var total: Int { calls.load(ordering: .relaxed) }
}
