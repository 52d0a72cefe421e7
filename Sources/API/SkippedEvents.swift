import Counting
import EventSourcing
import HTTPTypes
import Postgres
import UseCases

/// Events that read models leave out for good, told with each answer that would otherwise be made of them, too.
struct SkippedEvents: Sendable {
    /// How many are told at most.
    private static let maximum = 1000

    let readModels: ReadModels
    /// The read models that an answer is made of.
    let models: [ReadModel]

    /// The time that an answer is about, in RFC 3339.
    struct Span {
        let from: String
        let to: String
        /// Where occupancy is told from an instant on, in a time zone: it is made of what came before that, too, up to the
        /// last reset.
        var occupancy: (at: String, reset: Occupancy.Reset, zone: String)?
    }

    /// Of one camera.
    /// - Parameter span: asked for where events are skipped at all.
    /// - Returns: their positions, in order.
    func positions(of id: CameraID, in span: () throws -> Span) async throws -> [Int64] {
        guard try await areThere() else { return [] }
        let span = try span()
        var values: [(key: String, value: Parameter)] = [
            ("models", .texts(models.map(\.rawValue))), ("stream", .text(id.telemetryStream.rawValue)),
            ("from", .text(span.from)), ("to", .text(span.to)), ("camera", .integer(id.number)),
        ]
        if let occupancy = span.occupancy { values += [("at", .text(occupancy.at)), ("zone", .text(occupancy.zone))] }
        let query = Self.ofCamera(resets: span.occupancy?.reset)
        return try await readModels.pool.query(query.statement(among: values)).map { try $0.integer("position") }
    }

    /// - Parameter reset: of the occupancy that is told; nil where none is.
    static func ofCamera(resets reset: Occupancy.Reset?) -> SQLQuery {
        let resets = """
            with resets as (
              select max(at) as at
              from (
                select reset_at as at
                from read.occupancy_resets
                where camera_id = :camera and reset_at <= :at::text::timestamptz
                \(reset == .daily ? "union all \(midnight)" : "")
              ) as resets
            )
            """
        let from = ":from::text::timestamptz"
        let since = "least(\(from), (select coalesce(at, '-infinity') from resets))"
        return SQLQuery(
            "skips_of_camera\(reset.map { "_with_\($0)_resets" } ?? "")",
            parts: """
                \(reset == nil ? "" : resets)
                select position
                from read.skips
                where projection = any (:models)
                  and (stream is null or stream = :stream)
                  and (
                    observed_at is null
                    or observed_at < :to::text::timestamptz and observed_at >= \(reset == nil ? from : since)
                  )
                order by position
                limit \(maximum)
                """,
            among: [
                ("models", .texts), ("stream", .text), ("from", .text), ("to", .text), ("camera", .integer),
                ("at", .text), ("zone", .text),
            ], columns: ["position": .integer])
    }

    /// The last one of the camera's zone.
    private static let midnight =
        "select local_start(date_trunc('day', :at::text::timestamptz at time zone :zone), :zone)"

    /// Of several cameras.
    func positions(of fleet: FleetFilter, in span: () throws -> Span) async throws -> [Int64] {
        guard try await areThere() else { return [] }
        let span = try span()
        let rows = try await readModels.pool.query(
            Self.ofFleet.statement(
                among: [
                    ("models", .texts(models.map(\.rawValue))), ("from", .text(span.from)), ("to", .text(span.to)),
                ] + fleet.values))
        return try rows.map { try $0.integer("position") }
    }

    static let ofFleet = SQLQuery(
        "skips_of_fleet",
        """
        with \(PlaceHistory.places)
        select position
        from read.skips
        where projection = any (:models)
          and (
            observed_at is null
            or observed_at >= :from::text::timestamptz and observed_at < :to::text::timestamptz
          )
          and (
            stream is null or stream in (
              select '\(CameraID.StreamRole.telemetry.prefix)' || camera_id
              from read.camera_state as camera
              where \(FleetFilter.sql("camera"))
                and \(PlaceHistory.wasAt(
                    FleetFilter.location, "camera.camera_id", from: ":from::text::timestamptz",
                    to: ":to::text::timestamptz"))
            )
          )
        order by position
        limit \(maximum)
        """, parameters: [("models", .texts), ("from", .text), ("to", .text)] + FleetFilter.parameters,
        columns: ["position": .integer])

    /// Nearly always there is none, so that this is all that is asked.
    private func areThere() async throws(PostgresError) -> Bool {
        try await readModels.shared.query(
            Self.presence.statement(["models": .texts(models.map(\.rawValue))]))[0].bool("are_there")
    }

    static let presence = SQLQuery(
        "are_skips_there", "select exists (select from read.skips where projection = any (:models)) as are_there",
        parameters: ["models": .texts], columns: ["are_there": .bool])

    /// The member of an answer, with a comma after it; nothing where none is left out.
    static func member(_ positions: [Int64]) -> [UInt8] {
        positions.isEmpty ? [] : Array(#""skipped_positions":\#(list(positions)),"#.utf8)
    }

    /// An answer, a JSON object with members, and this one among them.
    static func adding(_ positions: [Int64], to answer: [UInt8]) -> [UInt8] {
        positions.isEmpty ? answer : answer.prefix(1) + member(positions) + answer.dropFirst()
    }

    /// For an answer that is a file.
    static func field(_ positions: [Int64]) -> HTTPField? {
        guard !positions.isEmpty, let name = HTTPField.Name("Footfall-Skipped-Positions") else { return nil }
        return HTTPField(name: name, value: positions.map(String.init).joined(separator: ", "))
    }

    /// A JSON array.
    private static func list(_ positions: [Int64]) -> String {
        "[\(positions.map(String.init).joined(separator: ","))]"
    }
}

extension ReadModels {
    func skipped(by models: [ReadModel]) -> SkippedEvents { SkippedEvents(readModels: self, models: models) }
}
