/// The name of a stream, `category-id` by convention: `camera-42`.
package struct StreamName: Hashable, Sendable, RawRepresentable, CustomStringConvertible, ExpressibleByStringLiteral {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }
    package init(_ name: String) { rawValue = name }
    package init(stringLiteral value: String) { rawValue = value }

    package var description: String { rawValue }
}

/// What must hold of a stream for an append to succeed.
package enum ExpectedVersion: Hashable, Sendable {
    /// The stream may be there or not.
    case any
    /// The stream must have been opened or hold an event.
    case exists
    /// The stream must hold no event.
    case noStream
    /// The stream's last event must have this version.
    case exact(Int64)
}

/// The key that makes an append idempotent: a source numbers what it sends to a stream upwards, and a sequence that is
/// not above its last one there has been used before. What was appended under it is not compared with what is appended
/// now: that is up to who appends (`AppendOutcome.duplicate` says where it stands).
package struct ProducerSequence: Hashable, Sendable {
    package let source: String
    package let sequence: Int64

    package init(source: String, sequence: Int64) {
        self.source = source
        self.sequence = sequence
    }
}

/// Events that go into one stream together, or not at all.
package struct Append: Sendable {
    package var stream: StreamName
    package var expected: ExpectedVersion
    package var producer: ProducerSequence?
    package var events: [NewEvent]
    package var metadata: EventMetadata
    /// Streams that exist, empty, once this is appended.
    package var opens: [StreamName]
    /// Streams that take no further event once this is appended.
    package var closes: [StreamName]
    /// The history that this was decided on; nil where it is right whatever the log holds.
    package var history: HistoryToken?

    package init(
        to stream: StreamName,
        expecting expected: ExpectedVersion = .any,
        producer: ProducerSequence? = nil,
        events: [NewEvent],
        metadata: EventMetadata = EventMetadata(),
        opens: [StreamName] = [],
        closes: [StreamName] = [],
        history: HistoryToken? = nil
    ) {
        self.stream = stream
        self.expected = expected
        self.producer = producer
        self.events = events
        self.metadata = metadata
        self.opens = opens
        self.closes = closes
        self.history = history
    }
}

/// What became of one append. All are expected; none is an error of the log.
package enum AppendOutcome: Hashable, Sendable {
    case appended(Appended)
    /// The stream has another version than the expected one.
    case conflict(actual: Int64)
    /// This producer's sequence was appended before, at these positions, archived or not.
    /// They are nil where the source has gone on past a sequence that was never taken from it.
    case duplicate(positions: ClosedRange<Int64>?)
    /// The stream takes no more events.
    case closed
    /// The stream should have existed.
    case missing

    package var isAppended: Bool {
        guard case .appended = self else { return false }
        return true
    }
}

package struct Appended: Hashable, Sendable {
    package let positions: ClosedRange<Int64>
    /// The stream's version after the append.
    package let version: Int64
    package let recordedAt: Timestamp

    package init(positions: ClosedRange<Int64>, version: Int64, recordedAt: Timestamp) {
        self.positions = positions
        self.version = version
        self.recordedAt = recordedAt
    }
}
