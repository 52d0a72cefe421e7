import NIOCore

/// An answer that is worked on only as long as its client is there.
enum AwaitedAnswer {
    /// Runs `body`, and cancels it when the connection, or the stream of one, that it is for has closed.
    static func on<Value: Sendable>(
        _ channel: any Channel, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let (closing, continuation) = AsyncStream.makeStream(of: Never.self)
        channel.closeFuture.whenComplete { _ in continuation.finish() }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in closing {}
                return nil
            }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let value = ended { return value }
                group.cancelAll()
            }
            throw CancellationError()
        }
    }
}
