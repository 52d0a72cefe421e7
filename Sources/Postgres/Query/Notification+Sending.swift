extension Notification {
    /// Tells the sessions that listen, when the transaction commits.
    package var sending: Statement {
        Self.sending.statement(["channel": .text(channel), "payload": .text(payload)])
    }

    private static let sending = SQLQuery(
        "notify", "select pg_notify(:channel, :payload)", parameters: ["channel": .text, "payload": .text])

    /// All of them, for tests.
    package static let queries = [sending]
}

extension Connection {
    /// Tells the sessions that listen on a channel, when the transaction commits.
    package func notify(_ channel: String, _ payload: String = "") async throws(PostgresError) {
        _ = try await pipeline([Notification(channel: channel, payload: payload).sending])
    }
}
