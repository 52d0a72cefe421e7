import Logging

/// Tells the log of statements that took long.
struct SlowQueries: Sendable {
    /// Which keys of the task's logger (`Logger.current`) the entry takes over: whose statement it was.
    private static let inherited = ["request_id", "trace_id", "span_id"]

    let threshold: Duration
    let logger: Logger

    /// - Parameter began: when the statement was handed to the connection; it may have waited behind others there.
    func note(_ statements: [Statement], since began: ContinuousClock.Instant) {
        let time = began.duration(to: .now)
        guard time >= threshold else { return }
        let texts = statements.map { $0.sql.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
        var metadata: Logger.Metadata = [
            "sql": "\(texts.joined(separator: "; "))",
            "milliseconds": .stringConvertible((time / .milliseconds(1) * 10).rounded() / 10),
        ]
        let current = Logger.current
        for key in Self.inherited { metadata[key] = current[metadataKey: key] }
        logger.warning("slow query", metadata: metadata)
    }
}
