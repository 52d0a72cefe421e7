import EventSourcing

/// Looks at a stream, in a process of its own.
package struct StreamProber: Sendable {
    package enum Failure: Error {
        /// This server has nothing to look with.
        case unavailable
        /// The process did not give an answer.
        case failed
    }

    /// Takes `stream_type`, `stream_url` and `timeout_ms`; gives what `footfall-worker probe` prints. A call that is
    /// cancelled ends its process.
    package let look: @Sendable (JSON) async throws(Failure) -> JSON

    package init(_ look: @escaping @Sendable (JSON) async throws(Failure) -> JSON) { self.look = look }

    package static let unavailable = StreamProber { (_: JSON) throws(Failure) in throw .unavailable }
}
