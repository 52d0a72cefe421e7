import Loopback
import NIOCore
import NIOPosix
import Testing

@Suite(.timeLimit(.minutes(5))) struct LoopbackServerTests {
    private struct Done: Error {}

    @Test func aServerThatEndsClosesWhatItHasAcceptedAndNotServed() async throws {
        for _ in 0..<200 {
            let clients = try await LoopbackServer.run(serve: { try? await $0.executeThenClose { _, _ in } }) { port in
                try await withThrowingTaskGroup(of: (any Channel).self) { group in
                    for _ in 0..<4 { group.addTask { try await Self.connect(port) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
            }
            for client in clients { try await client.closeFuture.get() }
        }
    }

    @Test func itsConnectionsEndWithIt() async throws {
        let (served, isServed) = AsyncStream.makeStream(of: Void.self)
        let client = try await LoopbackServer.run(
            serve: { connection in
                try? await connection.executeThenClose { inbound, _ in
                    isServed.finish()
                    for try await _ in inbound {}
                }
            },
            { port in
                let client = try await Self.connect(port)
                for await _ in served {}
                return client
            })
        try await client.closeFuture.get()
    }

    @Test func whatItsBodyThrowsIsThrown() async throws {
        await #expect(throws: Done.self) {
            try await LoopbackServer.run(serve: { try? await $0.executeThenClose { _, _ in } }) { _ in throw Done() }
        }
    }

    @Test func aConnectionThatCannotBePreparedIsClosed() async throws {
        try await LoopbackServer.run(
            prepare: { _ in throw Done() },
            serve: { connection in
                Issue.record("it was served")
                try? await connection.executeThenClose { _, _ in }
            },
            { port in try await Self.connect(port).closeFuture.get() })
    }

    private static func connect(_ port: UInt16) async throws -> any Channel {
        try await ClientBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .connect(host: "127.0.0.1", port: Int(port)).get()
    }
}
