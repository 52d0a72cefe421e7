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
    private var expected = ArrayParameter(.integer)
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
    private var metadata = ArrayParameter(.jsonb)

    init(_ appends: [Append]) {
        for append in appends { add(append) }
    }

    private mutating func add(_ append: Append) {
        let stream = index(of: append.stream)
        appendCount += 1
        let number = appendCount
        let firstEvent = eventCount + 1
        // The same for all events of an append.
        let appendMetadata = append.metadata.bytes(producer: append.producer)
        appendStreams.append(Int64(stream + 1))
        expected.append(append.expected.code)
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
            metadata.append(json: appendMetadata)
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

    private mutating func plan(_ expected: ExpectedVersion, on stream: Int) {
        let version: Int64
        switch expected {
        case .any, .exists: return
        case .noStream: version = 0
        case .exact(let exact): version = exact
        }
        let base = version - streamPlans[stream].events
        // Two appends that cannot both be accepted.
        if let other = streamPlans[stream].base, other != base { isPlanned = false }
        if base < 0 { isPlanned = false }
        streamPlans[stream].base = base
    }

    private mutating func add(_ producer: ProducerSequence?, on stream: Int, firstEvent: Int64) {
        sequences.append(producer?.sequence ?? 0)
        guard let producer else {
            appendProducers.append(0)
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
    /// How many parameters there are.
    static let parameterCount = 26

    /// The parameters of `append_events`, in its order.
    var parameters: [Parameter] {
        [
            .texts(streamNames), appendStreams.parameter, expected.parameter, appendProducers.parameter,
            sequences.parameter, eventCounts.parameter, .integers(producerStreams), .texts(producerSources),
            opening.parameter, opened.parameter, closing.parameter, closed.parameter, eventAppends.parameter,
            eventStreams.parameter, types.parameter, schemaVersions.parameter, data.parameter, metadata.parameter,
        ] + plan
    }

    private var plan: [Parameter] {
        if !isPlanned { return Array(repeating: .noIntegers, count: 8) }
        return [
            .integers(streamPlans.map { $0.base ?? -1 }), .integers(streamPlans.map(\.events)), appendFirst.parameter,
            appendVersions.parameter, .integers(producerPlans.map(\.first)), .integers(producerPlans.map(\.last)),
            .integers(producerPlans.map(\.event)), eventVersions.parameter,
        ]
    }
}

extension ExpectedVersion {
    fileprivate var code: Int64 {
        switch self {
        case .any: -2
        case .exists: -1
        case .noStream: 0
        case .exact(let version): version
        }
    }
}
