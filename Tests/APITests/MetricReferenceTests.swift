import Foundation
import Installation
import TestSupport
import Testing

@testable import API

@Suite struct MetricReferenceTests {
    @Test func thePageSaysWhatIsMeasured() throws {
        #expect(try ReferencePage.holds("metrics.md", page), "run tools/generate")
    }

    /// Whatever the sources measure is described, with its kind; and nothing else is.
    @Test func everyMetricOfTheSourcesIsDescribed() throws {
        let sources = try ReleaseFiles.locate().root.appending(path: "Sources")
        let measured = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
            .compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
            .flatMap { file in
                try String(contentsOf: file, encoding: .utf8)
                    .matches(of: /(Counter|Gauge|Timer)\(\s*label: "(footfall_[a-z_]+)"/)
                    .map { "\($0.2) \(Self.kinds[String($0.1)] ?? "")" }
            }
        #expect(Set(measured) == Set(MetricDescription.all.map { "\($0.name) \($0.kind.rawValue)" }))
    }

    private static let kinds = ["Counter": "counter", "Gauge": "gauge", "Timer": "summary"]

    private var page: String {
        let rows = MetricDescription.all.map { metric in
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            return
                "| `\(metric.name)` | \(metric.kind.rawValue) |\(labels.isEmpty ? "" : " \(labels)") | \(metric.meaning) |\n"
        }
        return """
            # Metrics

            \(ReferencePage.notice)

            What `GET /api/v1/metrics` shows, as Prometheus reads it. A summary has a `_sum` and a `_count`.

            | name | kind | labels | meaning |
            | --- | --- | --- | --- |

            """ + rows.joined()
    }
}
