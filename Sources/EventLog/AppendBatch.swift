import EventSourcing
import Postgres

/// A batch of appends as the arrays that `append_events` takes; indexes count from 1.
///
/// Along with the appends it says what comes of them where all are accepted, so that the function, once it has found
/// the streams and producers as that presumes, decides nothing one by one.
struct AppendBatch {
    private struct Producer: Hashable {
        let stream: Int
        let source: ExactText
    }

    /// What is written to a stream where every append is accepted.
    private struct StreamPlan {
        /// The version that it must have; nil where it must only exist.
        var base: Int64?
        var events: Int64 = 0
    }

    private struct ProducerPlan {
        let first: Int64
        var last: Int64
        /// The number of the last append's first event.
        var event: Int64
    }

    private var streamNames: [String] = []
    private var streams: [StreamName: Int] = [:]
    private var streamPlans: [StreamPlan] = []
    private var producers: [Producer: Int] = [:]
    private var producerStreams: [Int64] = []
    private var producerSources: [String] = []
    private var producerPlans: [ProducerPlan] = []
    private var isPlanned = true

    private var appendCount: Int64 = 0
    private var eventCount: Int64 = 0
    private var appendStreams = ArrayParameter(.integer)
    private var mustExist = ArrayParameter(.bool)
    private var expectedVersions = ArrayParameter(.integer)
    private var appendProducers = ArrayParameter(.integer)
    private var sequences = ArrayParameter(.integer)
    private var eventCounts = ArrayParameter(.integer)
    private var appendFirst = ArrayParameter(.integer)
    private var appendVersions = ArrayParameter(.integer)
    private var opening = ArrayParameter(.integer)
    private var opened = ArrayParameter(.integer)
    private var closing = ArrayParameter(.integer)
    private var closed = ArrayParameter(.integer)
    private var eventAppends = ArrayParameter(.integer)
    private var eventVersions = ArrayParameter(.integer)
    private var eventStreams = ArrayParameter(.text)
    private var types = ArrayParameter(.text)
    private var schemaVersions = ArrayParameter(.smallInteger)
    private var data = ArrayParameter(.jsonb)
    private var actors = SparseTexts()
    private var sources = SparseTexts()
    private var eventSequences = ArrayParameter(.integer)
    private var traceIDs = SparseTexts()
    private var causationIDs = SparseTexts()
    private var clientAddresses = SparseTexts()
    private var correlationIDs = SparseTexts()

    init(_ appends: [Append]) {
        for append in appends { add(append) }
    }

    private mutating func add(_ append: Append) {
        let stream = index(of: append.stream)
        appendCount += 1
        let number = appendCount
        let firstEvent = eventCount + 1
        appendStreams.append(Int64(stream + 1))
        mustExist.append(append.expected == .exists)
        expectedVersions.append(append.expected.version)
        eventCounts.append(Int64(append.events.count))
        appendFirst.append(firstEvent)
        plan(append.expected, on: stream)
        add(append.producer, on: stream, firstEvent: firstEvent)
        for event in append.events {
            eventCount += 1
            streamPlans[stream].events += 1
            eventAppends.append(number)
            eventVersions.append(streamPlans[stream].events)
            eventStreams.append(append.stream.rawValue)
            types.append(event.type)
            schemaVersions.append(small: event.schemaVersion)
            data.append(json: event.data)
            add(append.metadata, append.producer)
        }
        appendVersions.append(streamPlans[stream].events)
        for name in append.opens {
            opening.append(number)
            opened.append(Int64(index(of: name) + 1))
            isPlanned = false
        }
        for name in append.closes {
            closing.append(number)
            closed.append(Int64(index(of: name) + 1))
            isPlanned = false
        }
    }

    /// The next event's.
    private mutating func add(_ metadata: EventMetadata, _ producer: ProducerSequence?) {
        actors.append(metadata.actor)
        sources.append(producer?.source)
        eventSequences.append(producer?.sequence)
        traceIDs.append(metadata.traceID)
        causationIDs.append(metadata.causationID)
        clientAddresses.append(metadata.clientAddress)
        correlationIDs.append(metadata.correlationID)
    }

    private mutating func plan(_ expected: ExpectedVersion, on stream: Int) {
        guard let version = expected.version else { return }
        let base = version - streamPlans[stream].events
        // Two appends that cannot both be accepted.
        if let other = streamPlans[stream].base, other != base { isPlanned = false }
        if base < 0 { isPlanned = false }
        streamPlans[stream].base = base
    }

    private mutating func add(_ producer: ProducerSequence?, on stream: Int, firstEvent: Int64) {
        sequences.append(producer?.sequence)
        guard let producer else {
            appendProducers.appendNull()
            return
        }
        let key = Producer(stream: stream, source: ExactText(producer.source))
        if let index = producers[key] {
            appendProducers.append(Int64(index + 1))
            if producer.sequence <= producerPlans[index].last { isPlanned = false }
            producerPlans[index].last = producer.sequence
            producerPlans[index].event = firstEvent
            return
        }
        producers[key] = producerPlans.count
        producerStreams.append(Int64(stream + 1))
        producerSources.append(producer.source)
        producerPlans.append(ProducerPlan(first: producer.sequence, last: producer.sequence, event: firstEvent))
        appendProducers.append(Int64(producerPlans.count))
    }

    private mutating func index(of name: StreamName) -> Int {
        if let index = streams[name] { return index }
        streams[name] = streamNames.count
        streamNames.append(name.rawValue)
        streamPlans.append(StreamPlan())
        return streamNames.count - 1
    }
}

extension AppendBatch {
    /// The parameters of `append_events`, without the `p_` that each begins with.
    static let parameters: [(key: String, value: ValueType)] = [
        ("streams", .texts), ("append_stream", .integers), ("event_counts", .integers), ("must_exist", .bools),
        ("expected_version", .integers), ("append_producer", .integers), ("sequences", .integers),
        ("producer_stream", .integers), ("producer_source", .texts), ("opening", .integers), ("opened", .integers),
        ("closing", .integers), ("closed", .integers), ("event_append", .integers), ("event_stream", .texts),
        ("event_type", .texts), ("event_schema_version", .smallIntegers), ("event_data", .jsonbs),
        ("event_actor", .texts), ("event_source", .texts), ("event_sequence", .integers), ("event_trace_id", .texts),
        ("event_causation_id", .texts), ("event_client_address", .texts), ("event_correlation_id", .texts),
        ("stream_base", .integers), ("stream_events", .integers),
        ("append_first", .integers), ("append_version", .integers), ("producer_first", .integers),
        ("producer_last", .integers), ("producer_event", .integers), ("event_version", .integers),
    ]

    /// The call of `append_events`, with a parameter of a query for each of its own.
    static let call = "append_events(\(parameters.map { "p_\($0.key) => :\($0.key)" }.joined(separator: ", ")))"

    /// The values of `parameters`, in their order.
    var values: [(key: String, value: Parameter)] {
        [
            ("streams", .texts(streamNames)), ("append_stream", appendStreams.parameter),
            ("event_counts", eventCounts.parameter), ("must_exist", mustExist.parameter),
            ("expected_version", expectedVersions.parameter), ("append_producer", appendProducers.parameter),
            ("sequences", sequences.parameter), ("producer_stream", .integers(producerStreams)),
            ("producer_source", .texts(producerSources)), ("opening", opening.parameter),
            ("opened", opened.parameter), ("closing", closing.parameter), ("closed", closed.parameter),
            ("event_append", eventAppends.parameter), ("event_stream", eventStreams.parameter),
            ("event_type", types.parameter), ("event_schema_version", schemaVersions.parameter),
            ("event_data", data.parameter), ("event_actor", actors.parameter), ("event_source", sources.parameter),
            ("event_sequence", eventSequences.parameter), ("event_trace_id", traceIDs.parameter),
            ("event_causation_id", causationIDs.parameter), ("event_client_address", clientAddresses.parameter),
            ("event_correlation_id", correlationIDs.parameter),
            ("stream_base", plan(.integers(streamPlans.map(\.base)))),
            ("stream_events", plan(.integers(streamPlans.map(\.events)))),
            ("append_first", plan(appendFirst.parameter)), ("append_version", plan(appendVersions.parameter)),
            ("producer_first", plan(.integers(producerPlans.map(\.first)))),
            ("producer_last", plan(.integers(producerPlans.map(\.last)))),
            ("producer_event", plan(.integers(producerPlans.map(\.event)))),
            ("event_version", plan(eventVersions.parameter)),
        ]
    }

    /// What is said of the batch where every append is accepted; null where that cannot be.
    private func plan(_ value: @autoclosure () -> Parameter) -> Parameter { isPlanned ? value() : .noIntegers }
}

/// Texts of a batch's events, one each; null as a whole where none has one, so that nothing is sent and unpacked.
private struct SparseTexts {
    private var array = ArrayParameter(.text)
    private var isEmpty = true

    mutating func append(_ text: String?) {
        if let text {
            array.append(text)
            isEmpty = false
        } else {
            array.appendNull()
        }
    }

    var parameter: Parameter { isEmpty ? .noTexts : array.parameter }
}

extension ExpectedVersion {
    /// The version that the stream must have; nil where it may have any.
    fileprivate var version: Int64? {
        switch self {
        case .any, .exists: nil
        case .noStream: 0
        case .exact(let version): version
        }
    }
}
