/// Every stream that entities of one kind write to. A stream is named after its role and the entity's number, from 1:
/// with the roles `camera` and `telemetry`, those of camera 7 are `camera-7` and `telemetry-7`.
package struct StreamFamily: Hashable, Sendable {
    /// The first is the role of the stream that an entity begins with.
    private let roles: [String]

    /// - Parameter roles: all of them, the one that an entity begins with first.
    package init<Role: CaseIterable & RawRepresentable<String>>(_ roles: Role.Type) {
        self.roles = roles.allCases.map(\.rawValue)
    }

    /// The role of the stream that an entity begins with.
    package var firstRole: String { roles.first ?? "" }

    /// All streams that may hold events of an entity, whether they are there or not; the one it begins with first.
    package func streams(of number: Int64) -> [StreamName] {
        roles.map { StreamName("\($0)-\(number)") }
    }
}
