import Metrics
import Synchronization

/// Keeps what the process measures, for Prometheus to fetch.
///
/// Written in its text format, version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats). A counter is
/// a counter and a meter or gauge a gauge; of timers, in seconds, and of recorders that aggregate, a summary has the sum
/// and the count.
package final class PrometheusMetrics: MetricsFactory {
    private struct Series: Hashable, Comparable {
        let name: String
        /// As they are written, between braces; empty without any.
        let labels: String

        static func < (one: Series, other: Series) -> Bool {
            (one.name, one.labels) < (other.name, other.labels)
        }
    }

    private struct Kept {
        let cell: Cell
        /// How many have it and have not destroyed it.
        var users: Int
    }

    /// More are measured, and not shown: something makes labels of what has no bounds.
    static let maximumSeries = 10_000

    private let series = Mutex<[Series: Kept]>([:])

    package init() {}

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        cell(.counter, label, dimensions)
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        cell(.counter, label, dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        cell(.gauge, label, dimensions)
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        cell(aggregate ? .summary : .gauge, label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        cell(.summary, label, dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) { drop(handler) }

    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { drop(handler) }

    package func destroyMeter(_ handler: any MeterHandler) { drop(handler) }

    package func destroyRecorder(_ handler: any RecorderHandler) { drop(handler) }

    package func destroyTimer(_ handler: any TimerHandler) { drop(handler) }

    /// All there is now, by name.
    package var text: String {
        var text = ""
        var name: String?
        for (series, kept) in series.withLock(\.self).sorted(by: { $0.key < $1.key }) {
            if series.name != name {
                if let help = MetricDescription.meanings[series.name] { text += "# HELP \(series.name) \(help)\n" }
                text += "# TYPE \(series.name) \(kept.cell.kind.rawValue)\n"
                name = series.name
            }
            let (value, count) = kept.cell.reading
            if kept.cell.kind == .summary {
                text += "\(series.name)_sum\(series.labels) \(Self.number(value))\n"
                text += "\(series.name)_count\(series.labels) \(count)\n"
            } else {
                text += "\(series.name)\(series.labels) \(Self.number(value))\n"
            }
        }
        return text
    }

    /// The one of that name and those labels, or one that is not shown where the name stands for another kind already.
    private func cell(_ kind: Cell.Kind, _ label: String, _ dimensions: [(String, String)]) -> Cell {
        let key = Series(name: Self.name(label), labels: Self.labels(dimensions))
        return series.withLock { series in
            if let kept = series[key], kept.cell.kind == kind {
                series[key]?.users += 1
                return kept.cell
            }
            let cell = Cell(kind)
            let isTaken = series.contains { $0.key.name == key.name && $0.value.cell.kind != kind }
            if !isTaken, series.count < Self.maximumSeries { series[key] = Kept(cell: cell, users: 1) }
            return cell
        }
    }

    private func drop(_ handler: Any) {
        guard let cell = handler as? Cell else { return }
        series.withLock { series in
            guard let (key, kept) = series.first(where: { $0.value.cell === cell }) else { return }
            series[key] = kept.users > 1 ? Kept(cell: cell, users: kept.users - 1) : nil
        }
    }

    private static func labels(_ dimensions: [(String, String)]) -> String {
        if dimensions.isEmpty { return "" }
        let pairs = dimensions.map { key, value in
            let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
            return "\(name(key))=\"\(escaped)\""
        }
        return "{\(pairs.joined(separator: ","))}"
    }

    private static func name(_ text: String) -> String {
        let name = String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        return name.first?.isNumber == false ? name : "_" + name
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}

/// One series.
private final class Cell: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    enum Kind: String {
        case counter, gauge, summary
    }

    let kind: Kind
    private let state = Mutex((value: 0.0, count: Int64(0)))

    init(_ kind: Kind) { self.kind = kind }

    /// The value, or the sum, and of how many.
    var reading: (Double, Int64) { state.withLock { ($0.value, $0.count) } }

    func increment(by amount: Int64) { increment(by: Double(amount)) }

    func increment(by amount: Double) { state.withLock { $0.value += amount } }

    func decrement(by amount: Double) { increment(by: -amount) }

    func reset() { set(0.0) }

    func set(_ value: Int64) { set(Double(value)) }

    func set(_ value: Double) { state.withLock { $0.value = value } }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        state.withLock { state in
            state.value = kind == .summary ? state.value + value : value
            state.count += 1
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }
}
