import Counting
import EventSourcing

/// The name under which a worker numbers what it sends.
struct Source: BoundedText {
    static let subject = "A source"
    static let lengths = WorkerID.sourceLengths

    let text: String
    init(stored text: String) { self.text = text }
}

/// One report of a worker, and what its client sent of it.
struct TelemetryReport {
    enum Content {
        case heartbeat(Heartbeat)
        case reading(CountReading)
    }

    /// What depends on the server where the client does not say it.
    enum Member { case observedAt, line }

    var content: Content
    /// What the client left out.
    var filledIn: Set<Member> = []
    /// What a reading brings about its picture. The event is without it until it was decided what becomes of that.
    let frameData: FreeformObject?

    init(_ heartbeat: Heartbeat) { (content, frameData) = (.heartbeat(heartbeat), nil) }

    init(_ reading: CountReading, frameData: FreeformObject?) {
        (content, self.frameData) = (.reading(reading), frameData)
    }

    var reading: CountReading? {
        guard case .reading(let reading) = content else { return nil }
        return reading
    }

    var event: NewEvent {
        switch content {
        case .heartbeat(let heartbeat): heartbeat.event
        case .reading(let reading): reading.event
        }
    }

    mutating func keep(_ sealed: SealedFrameData) {
        guard var reading else { return }
        reading.frameData = .sealed(sealed)
        content = .reading(reading)
    }
}

/// A report with the key that makes sending it again harmless.
struct TelemetryItem {
    var report: TelemetryReport
    let producer: ProducerSequence?
}

/// The body that brings reports: one by itself, or a batch of a source in an array.
enum TelemetryForm {
    static let batchSizes = 1...1000

    /// - Parameters:
    ///   - list: the array's name.
    ///   - report: reads one report's own members.
    static func read(
        _ json: JSON, list: String, _ report: (Form) -> Field<TelemetryReport>
    ) throws(Problem) -> [TelemetryItem] {
        try Form.read(json) { form in
            form.has(list) ? batch(form, list, report) : single(form, report).map { [$0] }
        }
    }

    private static func single(_ form: Form, _ report: (Form) -> Field<TelemetryReport>) -> Field<TelemetryItem> {
        let isNumbered = form.has("source") || form.has("sequence")
        let source = isNumbered ? form.required("source", .text(Source.self)).map(Optional.some) : .success(nil)
        let sequence = isNumbered ? sequence(form).map(Optional.some) : .success(nil)
        let event = report(form)
        return form.make {
            let (source, sequence) = (try source.get(), try sequence.get())
            return TelemetryItem(
                report: try event.get(),
                producer: source.flatMap { source in
                    sequence.map { ProducerSequence(source: source.text, sequence: $0) }
                })
        }
    }

    private static func batch(
        _ form: Form, _ list: String, _ report: (Form) -> Field<TelemetryReport>
    ) -> Field<[TelemetryItem]> {
        let source = form.required("source", .text(Source.self))
        let elements = form.requiredObjects(list) { element -> Field<(report: TelemetryReport, sequence: Int64)> in
            let sequence = sequence(element)
            let event = report(element)
            return element.make { (try event.get(), try sequence.get()) }
        }
        return form.make(at: list) {
            let (source, elements) = (try source.get(), try elements.get())
            guard batchSizes.contains(elements.count) else {
                throw InvalidValue(
                    elements.isEmpty ? .tooShort : .tooMany, "A batch holds 1 to \(batchSizes.upperBound) reports.")
            }
            for (one, next) in zip(elements, elements.dropFirst()) where next.sequence <= one.sequence {
                throw InvalidValue(
                    .outOfRange, "Sequences rise: \(next.sequence) cannot follow \(one.sequence).")
            }
            return elements.map {
                TelemetryItem(
                    report: $0.report, producer: ProducerSequence(source: source.text, sequence: $0.sequence))
            }
        }
    }

    private static func sequence(_ form: Form) -> Field<Int64> {
        form.required(
            "sequence",
            .integer { (number: Int64) throws(InvalidValue) in
                guard number >= 0 else { throw InvalidValue(.outOfRange, "A sequence is 0 or more.") }
                return number
            })
    }
}
