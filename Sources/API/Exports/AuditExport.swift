import Counting
import EventLog
import EventSourcing

/// The audit trail as it was at one position, archived events included; one camera after the other where cameras are
/// chosen.
struct AuditExport: ExportSource {
    private static let pageSize = 1000

    let trail: AuditTrail
    let form: ExportForm
    /// nil: everything that is in the log.
    let cameras: [CameraID]?
    /// The last position that is looked at.
    let head: Int64

    private static let columns = [
        "position", "stream", "version", "type", "schema_version", "data", "actor", "source", "sequence", "severity",
        "correlation_id", "causation_id", "recorded_at",
    ]

    var header: String { form.format == .csv ? Self.columns.joined(separator: ",") + "\r\n" : "" }

    func rows(_ write: ([UInt8]) async throws -> Void) async throws {
        var filter = AuditTrail.Filter(type: form.type, actor: form.actor, from: form.from, to: form.to)
        guard let cameras else { return try await rows(filter, write) }
        for camera in cameras {
            filter.streams = camera.streams
            try await rows(filter, write)
        }
    }

    private func rows(_ filter: AuditTrail.Filter, _ write: ([UInt8]) async throws -> Void) async throws {
        var position: Int64 = 0
        while position < head {
            try Task.checkCancellation()
            let page = try await trail.page(filter, after: position, limit: Self.pageSize)
            var text: [UInt8] = []
            for entry in page.entries where entry.position <= head {
                switch form.format {
                case .csv: text += try Self.csv(entry.json)
                case .jsonl: text += entry.json + [UInt8(ascii: "\n")]
                }
            }
            if !text.isEmpty { try await write(text) }
            position = page.position
        }
    }

    private static func csv(_ json: [UInt8]) throws -> [UInt8] {
        let entry = try JSON.parse(json)
        let fields = columns.map { name in
            switch entry[name] {
            case nil, .null: ""
            case .string(let text): quoted(text)
            case .some(let value):
                value.integer.map(String.init) ?? quoted(String(decoding: value.bytes, as: UTF8.self))
            }
        }
        return Array((fields.joined(separator: ",") + "\r\n").utf8)
    }

    /// As `ExportColumns` has it.
    private static func quoted(_ text: String) -> String {
        let isFormula = text.unicodeScalars.first.map { "=+-@\t\r＝＋－＠".unicodeScalars.contains($0) } ?? false
        return "\"\(isFormula ? "'" : "")\(text.replacing("\"", with: "\"\""))\""
    }
}
