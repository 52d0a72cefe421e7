import Metrics
import Synchronization

/// Notes the name and the dimensions of every metric that is made, and measures nothing.
final class SeenMetrics: MetricsFactory {
    private let seen = Mutex<Set<String>>([])

    /// `label name=value name=value`
    var all: Set<String> { seen.withLock(\.self) }

    private func noting(_ label: String, _ dimensions: [(String, String)]) -> NOOPMetricsHandler {
        let text = ([label] + dimensions.map { "\($0.0)=\($0.1)" }).joined(separator: " ")
        seen.withLock { _ = $0.insert(text) }
        return .instance
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler { noting(label, dimensions) }

    func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler { noting(label, dimensions) }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { noting(label, dimensions) }

    func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler { noting(label, dimensions) }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { noting(label, dimensions) }

    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}
