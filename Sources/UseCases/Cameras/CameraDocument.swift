import Counting
import EventSourcing

/// A camera as the API shows it, folded from its events: the same bytes as the read model gives for the same events, but
/// for what heartbeats say of its status.
package struct CameraDocument: Sendable {
    package let id: CameraID
    /// In the order in which they are written.
    package let members: JSONObject
    package let bytes: [UInt8]
    package let version: Int64
    /// Of the last event in it.
    package let position: Int64

    /// - Parameter status: what it is, where that is known; by the camera's own events alone unless this says otherwise.
    /// - Throws: `Camera.Rejection` where there is no camera to show: `unknown` or `removed`.
    package init(
        _ folded: Folded<Camera.State>, status: (Camera) -> CameraStatus? = \.status
    ) throws(Camera.Rejection) {
        let camera = try folded.state.registered
        // What is registered was registered by an event.
        guard let created = folded.created, let updated = folded.updated else { throw .unknown }
        id = camera.id
        let trace: KeyValuePairs<String, JSON> = [
            "created_at": .string(created.recordedAt.rfc3339),
            "updated_at": .string(updated.recordedAt.rfc3339),
            "created_by": .optional(created.actor),
            "updated_by": .optional(updated.actor),
            "version": .integer(folded.version),
        ]
        let own = camera.ownMembers.map { name, value in
            (name, name == "status" ? .optional(status(camera)?.rawValue) : value)
        }
        let all = [("id", .integer(camera.id.number))] + own + Array(trace)
        members = JSONObject(uniqueKeysWithValues: all)
        bytes = Self.bytes(all)
        version = folded.version
        position = updated.position
    }

    /// What is shown beside a camera, of other read models: no change of the camera, and no part of its version.
    package static let neighbours = ["health", "counts_today", "recording"]

    /// What the time makes of a camera that has gone silent, without a new version.
    package static let clocked = ["status"]

    /// An object as PostgreSQL's row_to_json writes it.
    package static func bytes(_ members: [(String, JSON)]) -> [UInt8] {
        var output = Array("{".utf8)
        for (index, (name, value)) in members.enumerated() {
            output += "\(index == 0 ? "" : ",")\"\(name)\":".utf8
            value.writeAsPostgres(to: &output)
        }
        return output + "}".utf8
    }
}

extension Camera {
    /// Whether heartbeats have a say in its status: where it is to run, or was never started by anybody, and is not in
    /// maintenance.
    package var isHeard: Bool { status != .maintenance && (desiredState == .running || epoch == 0) }

    /// What changes set, in the order of the document.
    var ownMembers: KeyValuePairs<String, JSON> {
        [
            "name": .string(description.name.text),
            "location": .optional(description.location?.text),
            "description": .optional(description.notes?.text),
            "stream_url": .string(configuration.address.masked),
            "stream_type": .string(configuration.address.type.rawValue),
            "status": .string(status.rawValue),
            "desired_state": .string(desiredState.rawValue),
            "worker_id": .optional(workerID?.text),
            "settings": description.settings.json,
            "metadata": description.metadata.json,
            "lines": configuration.lines.json,
            "time_zone": .string(description.timeZone.text),
            "monitoring": .bool(isMonitored),
            "security_config": configuration.securityConfig.map { _ in .string(CameraSecret.mask) } ?? .null,
        ]
    }
}

extension JSON {
    fileprivate static func optional(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }
}
