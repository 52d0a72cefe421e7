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

    /// The take of a recording that a reading belongs to.
    var take: Int64? { reading?.take }

    mutating func keep(_ sealed: SealedFrameData) { change { $0.frameData = .sealed(sealed) } }

    func belonging(to take: Int64) -> TelemetryReport {
        var report = self
        report.change { $0.take = take }
        return report
    }

    private mutating func change(_ change: (inout CountReading) -> Void) {
        guard var reading else { return }
        change(&reading)
        content = .reading(reading)
    }
}

/// A report with the key that makes sending it again harmless.
struct TelemetryItem {
    var report: TelemetryReport
    let producer: ProducerSequence?
}

/// Who numbers reports.
enum ReportSeries {
    /// Who sends them, under a name of its own.
    case source(Source)
    /// The recording itself: every worker that counts the take numbers its readings alike.
    case take(Int64)

    /// No source that is sent begins so.
    static let takePrefix = "recording/"

    /// The name of a take among the producers of a camera's telemetry stream, as SQL over its number.
    static func takeSource(sql take: String) -> String { "'\(takePrefix)' || \(take)" }

    func item(_ report: TelemetryReport, _ sequence: Int64) -> TelemetryItem {
        switch self {
        case .source(let source):
            TelemetryItem(report: report, producer: ProducerSequence(source: source.text, sequence: sequence))
        case .take(let take):
            TelemetryItem(
                report: report.belonging(to: take),
                producer: ProducerSequence(source: "\(Self.takePrefix)\(take)", sequence: sequence))
        }
    }
}

/// The body that brings reports: one by itself, or a batch of a source in an array.
enum TelemetryForm {
    static let batchSizes = 1...1000

    /// - Parameters:
    ///   - list: the array's name.
    ///   - takes: whether they may belong to a take of a recording.
    ///   - report: reads one report's own members.
    static func read(
        _ json: JSON, list: String, takes: Bool = false, _ report: (Form) -> Field<TelemetryReport>
    ) throws(Problem) -> [TelemetryItem] {
        try Form.read(json) { form in
            let isOfTake = takes && form.has("take")
            return form.has(list)
                ? batch(form, list, isOfTake, report) : single(form, isOfTake, report).map { [$0] }
        }
    }

    /// The number of a take, 1 or more.
    static var takeNumber: MemberRule<Int64> {
        .integer { (number: Int64) throws(InvalidValue) in
            guard number >= 1 else { throw InvalidValue(.outOfRange, "Takes are numbered from 1 on.") }
            return number
        }
    }

    private static func series(_ form: Form, isOfTake: Bool) -> Field<ReportSeries> {
        if isOfTake { return form.required("take", takeNumber).map { .take($0) } }
        return form.required("source", .text(Source.self)).flatMap { source in
            form.make(at: "source") {
                guard !source.text.beginsExactly(with: ReportSeries.takePrefix) else {
                    throw InvalidValue(
                        .malformed,
                        "A source does not begin with \(ReportSeries.takePrefix); say take for a recording's.")
                }
                guard !source.text.beginsExactly(with: ReactionName.sourcePrefix) else {
                    throw InvalidValue(
                        .malformed,
                        "A source does not begin with \(ReactionName.sourcePrefix); reactions of the server append so.")
                }
                return .source(source)
            }
        }
    }

    private static func single(
        _ form: Form, _ isOfTake: Bool, _ report: (Form) -> Field<TelemetryReport>
    ) -> Field<TelemetryItem> {
        let isNumbered = isOfTake || form.has("source") || form.has("sequence")
        let series = isNumbered ? series(form, isOfTake: isOfTake).map(Optional.some) : .success(nil)
        let sequence = isNumbered ? sequence(form).map(Optional.some) : .success(nil)
        let event = report(form)
        return form.make {
            guard let series = try series.get(), let sequence = try sequence.get() else {
                return TelemetryItem(report: try event.get(), producer: nil)
            }
            return series.item(try event.get(), sequence)
        }
    }

    private static func batch(
        _ form: Form, _ list: String, _ isOfTake: Bool, _ report: (Form) -> Field<TelemetryReport>
    ) -> Field<[TelemetryItem]> {
        let series = series(form, isOfTake: isOfTake)
        let elements = form.requiredObjects(list, counted: check(count:)) {
            element -> Field<(report: TelemetryReport, sequence: Int64)> in
            let sequence = sequence(element)
            let event = report(element)
            return element.make { (try event.get(), try sequence.get()) }
        }
        return form.make(at: list) {
            let (series, elements) = (try series.get(), try elements.get())
            for (one, next) in zip(elements, elements.dropFirst()) where next.sequence <= one.sequence {
                throw InvalidValue(
                    .outOfRange, "Sequences rise: \(next.sequence) cannot follow \(one.sequence).")
            }
            return elements.map { series.item($0.report, $0.sequence) }
        }
    }

    private static func check(count: Int) throws(InvalidValue) {
        guard batchSizes.contains(count) else {
            throw InvalidValue(
                count == 0 ? .tooShort : .tooMany, "A batch holds 1 to \(batchSizes.upperBound) reports.")
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
