/// A log that lives as long as its process, with the semantics of the lasting one: for tests and trials.
package actor InMemoryEventLog: EventLog {
    private struct Stream {
        var positions: [Int64] = []
        var isClosed = false
        var producers: [ExactText: [Int64: ClosedRange<Int64>]] = [:]
        var lastSequences: [ExactText: Int64] = [:]
    }

    private struct KeyedRequest {
        var fingerprint: String
        var claim: Int64
        var leasedUntil: Timestamp
        let createdAt: Timestamp
        var done: RequestClaim.Done?
        var answer: [UInt8]?
    }

    private var events: [RecordedEvent] = []
    private var streams: [StreamName: Stream] = [:]
    private var requests: [String: KeyedRequest] = [:]
    private var claims: Int64 = 0
    private let now: @Sendable () -> Timestamp

    /// - Parameter now: the clock that stamps events; a step backwards is not followed.
    package init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    package func append(_ appends: [Append]) async throws(EventLogError) -> [AppendOutcome] {
        for append in appends { try append.validate() }
        if let done = appends.done { return done }
        let claim = appends.first?.metadata.request
        if let claim {
            guard let request = requests[claim.id], request.claim == claim.number, request.done == nil else {
                throw .superseded
            }
        }
        let recordedAt = max(now(), events.last?.recordedAt ?? Timestamp(microseconds: .min))
        let outcomes = appends.map { decide($0, recordedAt: recordedAt) }
        if let claim, let first = appends.first, outcomes.contains(where: \.isAppended) {
            requests[claim.id]?.done = RequestClaim.Done(stream: first.stream, outcomes: outcomes)
        }
        return outcomes
    }

    private func decide(_ append: Append, recordedAt: Timestamp) -> AppendOutcome {
        let existing = streams[append.stream]
        var stream = existing ?? Stream()
        let source = append.producer.map { ExactText($0.source) }
        if let producer = append.producer, let source, let last = stream.lastSequences[source],
            producer.sequence <= last
        {
            return .duplicate(positions: stream.producers[source]?[producer.sequence])
        }
        if stream.isClosed { return .closed }
        let version = Int64(stream.positions.count)
        switch append.expected {
        case .any: break
        case .exists: if existing == nil { return .missing }
        case .noStream: if version != 0 { return .conflict(actual: version) }
        case .exact(let expected): if version != expected { return .conflict(actual: version) }
        }

        let first = Int64(events.count) + 1
        let metadata = append.metadata.bytes(producer: append.producer)
        for event in append.events {
            let position = Int64(events.count) + 1
            stream.positions.append(position)
            events.append(
                RecordedEvent(
                    position: position, stream: append.stream, version: Int64(stream.positions.count), type: event.type,
                    schemaVersion: event.schemaVersion, data: event.data, metadata: metadata, recordedAt: recordedAt))
        }
        let positions = first...Int64(events.count)
        if let producer = append.producer, let source {
            stream.lastSequences[source] = producer.sequence
            stream.producers[source, default: [:]][producer.sequence] = positions
        }
        streams[append.stream] = stream
        for opened in append.opens where streams[opened] == nil { streams[opened] = Stream() }
        for closed in append.closes { streams[closed, default: Stream()].isClosed = true }
        return .appended(
            Appended(positions: positions, version: Int64(stream.positions.count), recordedAt: recordedAt))
    }

    package func read(
        _ stream: StreamName, after version: Int64, limit: Int
    ) async throws(EventLogError) -> [RecordedEvent] {
        let positions = streams[stream]?.positions ?? []
        return positions.dropFirst(Int(max(0, version))).prefix(limit).map { events[Int($0) - 1] }
    }

    package func read(after position: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        Array(events.dropFirst(Int(max(0, position))).prefix(limit))
    }

    package func head() async throws(EventLogError) -> Int64 { Int64(events.count) }
}

extension InMemoryEventLog: IdempotentRequests {
    package func claim(
        _ id: String, fingerprint: String, lease: Duration, keeping: Duration
    ) async throws(EventLogError) -> RequestState {
        let now = now()
        claims += 1
        if let request = requests[id], request.createdAt + keeping > now {
            if request.fingerprint != fingerprint { return .mismatched }
            if let answer = request.answer { return .answered(answer) }
            if request.leasedUntil > now { return .running }
            requests[id]?.claim = claims
            requests[id]?.leasedUntil = now + lease
            return .claimed(RequestClaim(id: id, number: claims, done: request.done))
        }
        requests[id] = KeyedRequest(
            fingerprint: fingerprint, claim: claims, leasedUntil: now + lease, createdAt: now)
        return .claimed(RequestClaim(id: id, number: claims))
    }

    package func finish(_ claim: RequestClaim, answer: [UInt8]) async throws(EventLogError) {
        if requests[claim.id]?.claim == claim.number { requests[claim.id]?.answer = answer }
    }

    package func release(_ claim: RequestClaim) async throws(EventLogError) {
        guard let request = requests[claim.id], request.claim == claim.number else { return }
        if request.done == nil {
            requests[claim.id] = nil
        } else {
            requests[claim.id]?.leasedUntil = now()
        }
    }

    package func clear(olderThan age: Duration, limit: Int) async throws(EventLogError) -> Int {
        let now = now()
        let old = requests.filter { $0.value.createdAt + age <= now }.keys.prefix(max(0, limit))
        for id in old { requests[id] = nil }
        return old.count
    }
}

extension Append {
    /// Checks what no store can make sense of.
    package func validate() throws(EventLogError) {
        if events.isEmpty { throw .invalidAppend(reason: "an append to \(stream) holds no events") }
        for name in [stream] + opens + closes where name.rawValue.isEmpty {
            throw .invalidAppend(reason: "a stream's name is empty")
        }
        if let producer, producer.source.isEmpty { throw .invalidAppend(reason: "a producer's source is empty") }
        if case .exact(let version) = expected, version < 0 {
            throw .invalidAppend(reason: "the expected version \(version) is negative")
        }
    }
}
