import Counting
import EventSourcing

/// The body that asks for an export.
struct ExportForm {
    enum Kind: String, CaseIterable {
        case readings
        case hourlyCounts = "hourly_counts"
        case audit
    }

    enum Format: String, CaseIterable {
        case csv, jsonl

        var mediaType: String {
            switch self {
            case .csv: "text/csv; charset=utf-8; header=present"
            case .jsonl: "application/x-ndjson"
            }
        }
    }

    enum Compression: String, CaseIterable {
        case none, zstd
    }

    let kind: Kind
    let format: Format
    let compression: Compression
    /// Observed (readings), begun (counts) or recorded (audit) at this instant or later.
    let from: Timestamp
    /// And before this one.
    let to: Timestamp
    /// What counts are added up in: quarter hours, hours, days or weeks.
    let bucket: Bucket
    /// Rows tell the time in this zone, too, and hours, days and weeks are its own; nil: each camera's.
    let zone: TimeZoneName?
    let line: String?
    let objectClass: String?
    let type: String?
    let actor: String?
    /// nil: all, as far as location does not say otherwise.
    let cameraIDs: [Int64]?
    let location: String?

    /// - Parameter isOfFleet: whether it may name cameras and a location.
    init(_ json: JSON, isOfFleet: Bool) throws(Problem) {
        self = try Form.read(json) { form in
            let kind = form.required("kind", .choice(Kind.self))
            let format = form.required("format", .choice(Format.self))
            let compression = form.optional("compression", .choice(Compression.self))
            let from = form.required("from", .instant { $0 })
            let to = form.required("to", .instant { $0 })
            let isAudit = (try? kind.get()) == .audit  // what is wrong with it is noted
            let isCounts = (try? kind.get()) == .hourlyCounts
            let bucket = isCounts ? form.optional("bucket", .string(Bucket.init(ofCounts:))) : .success(nil)
            let zone = isAudit ? .success(nil) : form.optional("tz", .string(TimeZoneName.init))
            let line = isAudit ? .success(nil) : form.optional("line", Self.text)
            let objectClass = isAudit ? .success(nil) : form.optional("class", Self.text)
            let type = isAudit ? form.optional("type", Self.text) : .success(nil)
            let actor = isAudit ? form.optional("actor", Self.text) : .success(nil)
            let cameras = isOfFleet ? form.optional("camera_ids", .array(Self.ids)) : .success(nil)
            let location = isOfFleet && !isAudit ? form.optional("location", Self.text) : .success(nil)
            return form.make(at: "from") {
                guard try from.get() < to.get() else { throw InvalidValue(.outOfRange, "from lies before to.") }
                return ExportForm(
                    kind: try kind.get(), format: try format.get(), compression: try compression.get() ?? .none,
                    from: try from.get(), to: try to.get(), bucket: try bucket.get() ?? .quarterHour,
                    zone: try zone.get(), line: try line.get(), objectClass: try objectClass.get(),
                    type: try type.get(), actor: try actor.get(), cameraIDs: try cameras.get(),
                    location: try location.get())
            }
        }
    }

    private init(
        kind: Kind, format: Format, compression: Compression, from: Timestamp, to: Timestamp, bucket: Bucket,
        zone: TimeZoneName?, line: String?, objectClass: String?, type: String?, actor: String?, cameraIDs: [Int64]?,
        location: String?
    ) {
        self.kind = kind
        self.format = format
        self.compression = compression
        self.from = from
        self.to = to
        self.bucket = bucket
        self.zone = zone
        self.line = line
        self.objectClass = objectClass
        self.type = type
        self.actor = actor
        self.cameraIDs = cameraIDs
        self.location = location
    }

    /// A text to look for: in NFC, as names are kept. What is longer than any name is not found in any form.
    private static var text: MemberRule<String> {
        .string { $0.utf8.count > longestText ? $0 : $0.inNormalForm }
    }

    private static let longestText = 4096

    private static func ids(_ items: [JSON]) throws(InvalidValue) -> [Int64] {
        let ids = items.compactMap(\.wholeNumber).filter { $0 > 0 }
        guard ids.count == items.count, (1...FleetFilter.maximumCameras).contains(ids.count) else {
            throw InvalidValue(.outOfRange, "These are 1 to \(FleetFilter.maximumCameras) ids of cameras.")
        }
        return ids
    }

    /// The name to save it under.
    func fileName(_ subject: String) -> String {
        let days = [from, to].map { $0.rfc3339.prefix(10) }.joined(separator: "_")
        let ending = compression == .zstd ? ".zst" : ""
        return "footfall-\(subject)-\(kind.rawValue)-\(days).\(format.rawValue)\(ending)"
    }

    var mediaType: String { compression == .zstd ? "application/zstd" : format.mediaType }
}
