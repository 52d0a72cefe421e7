import Counting
import EventSourcing
import Postgres
import TestSupport

@testable import Projector

/// The same telemetry of several cameras, each camera's in another order of arrival.
///
/// The cameras were started, stopped and started again. Of each the same was observed: in between and before, long
/// before, at one instant with other contents, and by a clock that ran ahead. All of it arrives at one instant, so that
/// the order alone differs.
struct TelemetryOrders {
    /// Columns that are about arrival, and so may differ.
    static let aboutArrival: Set = ["position", "began_position", "clock_offset_ms"]

    private static let now = Timestamp(microseconds: 1_790_000_000_000_000)
    private let ids: [CameraID]

    init() throws { ids = try (1...5).map { try CameraID($0) } }

    /// Appends what happened.
    func append(to harness: Harness) async throws {
        var events: [NewEvent] = []
        var random = SeededGenerator(seed: 41)
        for id in ids {
            let worker = try WorkerID("w")
            let life: [Camera.Event] = [
                .registered(
                    id, CameraDescription(name: CameraName(stored: "Entrance")),
                    CameraConfiguration(address: try StreamAddress("rtsp://10.0.0.1/a", type: .rtsp))),
                .started(id, worker, epoch: 1), .stopped(id, reason: nil), .started(id, worker, epoch: 2),
            ]
            try await harness.append([Append(to: id.stream, events: life.map(Camera.encode))])
        }
        for (index, id) in ids.enumerated() {
            events = try Self.observations(at: id)
            switch index {
            case 0: break
            case 1: events.reverse()
            default: events.shuffle(using: &random)
            }
            try await harness.append([Append(to: id.telemetryStream, events: events)])
        }
        try await harness.record(
            """
            case
              when stream like 'telemetry-%' then timestamptz '\(Self.now.rfc3339)'
              else timestamptz '\(Self.now.rfc3339)'
                - (array[180, 120, 60, 30])[version] * interval '1 minute'
            end
            """)
    }

    /// In the order in which they were observed, as far as that goes.
    private static func observations(at id: CameraID) throws -> [NewEvent] {
        // 1970, a month ago, three hours in steps that heartbeats do and do not cover, and the future.
        let steps = (0..<120).map { -10_800 + 97 * $0 - ($0 % 7) }
        let offsets = [-1_790_000_000, -2_600_000] + steps.filter { $0 < 0 } + [-30, -30, 5, 100, 100, 82_800, 82_800]
        var events: [NewEvent] = []
        for (index, offset) in offsets.enumerated() {
            let observedAt = try ObservationTime(
                now + .seconds(offset), now: now, tolerance: .seconds(24 * 3600))
            var heartbeat = Heartbeat(
                cameraID: id, observedAt: observedAt,
                status: index % 5 == 3 ? .error : index % 11 == 5 ? .offline : .online)
            heartbeat.fps = try FramesPerSecond(Double(index))
            heartbeat.responseTime = index % 3 == 0 ? nil : try Milliseconds(Double(index) / 8)
            heartbeat.framesDropped = try Tally(Int64(index % 4))
            heartbeat.readingsRefused = index % 9 == 4 ? try Tally(Int64(index)) : nil
            heartbeat.readingsGivenUp = index % 8 == 1 ? try Tally(Int64(index)) : nil
            heartbeat.errorMessage = index % 5 == 3 ? ErrorMessage(stored: "error \(index)") : nil
            let reading = try CountReading(
                cameraID: id, observedAt: observedAt, line: LineName(index % 2 == 0 ? "door" : "gate"),
                objectClass: ObjectClass("person"), countIn: Tally(Int64(index % 5)), countOut: Tally(Int64(index % 3)))
            // Two readings of one instant that say the same are two.
            events += [heartbeat.event, reading.event, reading.event]
        }
        return events
    }

    /// In words, each camera whose rows are not those of the first; what `append` appended must have been applied.
    func differences(_ rows: [String]) throws -> [String] {
        var perCamera: [Int64: Set<String>] = [:]
        for row in rows {
            let table = row.prefix { $0 != " " }
            guard var columns = try JSON.parse(Array(row.drop { $0 != "{" }.utf8)).object,
                let id = columns["camera_id"]?.integer
            else { continue }
            for name in Self.aboutArrival.union(["camera_id"]) { columns[name] = nil }
            perCamera[id, default: []].insert("\(table) \(reordered(.object(columns)).text)")
        }
        let first = perCamera[ids[0].number] ?? []
        return ids.dropFirst().compactMap { id in
            let others = perCamera[id.number] ?? []
            guard others != first else { return nil }
            let (more, less) = (others.subtracting(first).min(), first.subtracting(others).min())
            return "camera \(id) has \(more ?? "no row") instead of \(less ?? "no row")"
        }
    }
}

extension Harness {
    /// Has all events recorded at other times than they were.
    /// - Parameter instant: SQL for the time of an event, on its columns.
    func record(_ instant: String) async throws {
        // Nobody else may change what was recorded.
        try await connection.script(
            """
            begin;
            set local session_replication_role = replica;
            update events set recorded_at = \(instant);
            commit
            """)
    }
}
