import Counting
import EventSourcing

/// What changed in a camera, member by member, as the API shows it. A secret is never shown, only that it changed.
package struct CameraDifferences {
    package struct Difference: Hashable, Sendable {
        /// A JSON pointer (RFC 6901) into the camera's document.
        package let member: String
        package let before: JSON
        package let after: JSON
    }

    package private(set) var all: [Difference] = []

    /// Nothing is left of a removed camera: its removal is no difference of a member.
    package init(from before: Camera.State, to after: Camera.State) {
        if case .removed = after { return }
        let (old, new) = (Self.members(before), Self.members(after))
        for (name, value) in new { note("/\(name)", from: old[name] ?? .null, to: value) }
        noteSecret("/stream_credentials", from: before, to: after, \.address.credentials)
        noteSecret("/stream_path", from: before, to: after, \.address.path)
        noteSecret("/security_config", from: before, to: after, \.securityConfig)
    }

    /// Objects are compared member by member, everything else as a whole and as it is written: `1.50` is not `1.5`.
    private mutating func note(_ member: String, from before: JSON, to after: JSON) {
        guard before.bytes != after.bytes else { return }
        guard let old = before.object, let new = after.object else {
            all.append(Difference(member: member, before: before, after: after))
            return
        }
        for name in Set(old.keys).union(new.keys).sorted() {
            let pointer = member + "/" + name.replacing("~", with: "~0").replacing("/", with: "~1")
            note(pointer, from: old[name] ?? .null, to: new[name] ?? .null)
        }
    }

    private static func members(_ state: Camera.State) -> JSONObject {
        guard case .registered(let camera) = state else { return [:] }
        var members = JSONObject()
        for (name, value) in camera.ownMembers where name != "security_config" { members[name] = value }
        members["epoch"] = .integer(camera.epoch)
        return members
    }

    private mutating func noteSecret(
        _ member: String, from before: Camera.State, to after: Camera.State,
        _ secret: KeyPath<CameraConfiguration, CameraSecret?>
    ) {
        let of = { (state: Camera.State) -> CameraSecret? in
            guard case .registered(let camera) = state else { return nil }
            return camera.configuration[keyPath: secret]
        }
        let shown = { (secret: CameraSecret?) in secret.map { _ in JSON.string(CameraSecret.mask) } ?? .null }
        guard of(before) != of(after) else { return }
        all.append(Difference(member: member, before: shown(of(before)), after: shown(of(after))))
    }
}
