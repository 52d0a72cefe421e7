import EventSourcing

/// A member of an event's data that may be absent, together with the property that holds it: what declares one encodes and
/// decodes it, and reads it from a request.
package struct OptionalMember<Whole: Sendable>: Sendable {
    package let declaration: EventMember

    /// Nil where it is absent.
    package let json: @Sendable (Whole) -> JSON?

    /// Takes the member out of the log as it is; false where it is of another kind.
    let store: @Sendable (JSON, inout Whole) -> Bool

    /// Takes the member as a request gives it.
    /// - Returns: what sets it; nil where it is of another kind.
    package let given: @Sendable (JSON) throws(InvalidValue) -> (@Sendable (inout Whole) -> Void)?

    init<Value: StoredValue>(
        _ name: String, _ property: any WritableKeyPath<Whole, Value?> & Sendable, _ meaning: String
    ) {
        declaration = .optional(name, Value.memberType, meaning)
        json = { $0[keyPath: property]?.json }
        store = { (json, whole) in
            guard let value = Value(stored: json) else { return false }
            whole[keyPath: property] = value
            return true
        }
        given = { (json: JSON) throws(InvalidValue) in
            guard let value = try Value(given: json) else { return nil }
            return { (whole: inout Whole) in whole[keyPath: property] = value }
        }
    }

    package var name: String { declaration.name }
}
