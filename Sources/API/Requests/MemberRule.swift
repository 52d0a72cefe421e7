import Counting
import EventSourcing

/// What a member of a body must be: a kind of JSON value that keeps a rule of the domain.
struct MemberRule<Value> {
    /// The kind of JSON value, as a message says it: `a string`.
    let kind: String
    /// The value; nil where the member is of another kind.
    let read: (JSON) throws(InvalidValue) -> Value?

    /// - Parameters:
    ///   - raw: the member's value, nil where it is of another kind.
    ///   - make: applies the domain's rule.
    init<Raw>(_ kind: String, _ raw: @escaping (JSON) -> Raw?, _ make: @escaping (Raw) throws(InvalidValue) -> Value) {
        self.kind = kind
        read = { (json: JSON) throws(InvalidValue) in
            guard let raw = raw(json) else { return nil }
            return try make(raw)
        }
    }
}

extension MemberRule {
    static func string(_ make: @escaping (String) throws(InvalidValue) -> Value) -> Self {
        Self("a string", \.string, make)
    }

    static func integer(_ make: @escaping (Int64) throws(InvalidValue) -> Value) -> Self {
        // JSON has one kind of number: 1.0 is an integer too.
        Self("an integer", \.wholeNumber, make)
    }

    static func number(_ make: @escaping (Double) throws(InvalidValue) -> Value) -> Self {
        Self("a number", \.number, make)
    }

    static func array(_ make: @escaping ([JSON]) throws(InvalidValue) -> Value) -> Self {
        Self("an array", \.array, make)
    }

    static func object(_ make: @escaping (JSONObject) throws(InvalidValue) -> Value) -> Self {
        Self("an object", \.object, make)
    }

    static func instant(_ make: @escaping (Timestamp) throws(InvalidValue) -> Value) -> Self {
        Self(
            "a time of RFC 3339 with an offset, such as 2026-03-29T00:30:00Z",
            { $0.string.flatMap(Timestamp.init(rfc3339:)) }, make)
    }
}

extension MemberRule {
    /// What sets a member of a `Whole`, as the domain declares it.
    static func member<Whole>(_ member: OptionalMember<Whole>) -> Self where Value == @Sendable (inout Whole) -> Void {
        Self(member.declaration.type.kind, read: member.given)
    }

    private init(_ kind: String, read: @escaping (JSON) throws(InvalidValue) -> Value?) {
        self.kind = kind
        self.read = read
    }
}

extension MemberType {
    /// The kind of JSON value that it is, as a message says it.
    fileprivate var kind: String {
        switch self {
        case .integer: "an integer"
        case .number: "a number"
        case .text, .choice, .time, .streamURL, .secretPath: "a string"
        case .flag: "true or false"
        case .freeform, .object: "an object"
        case .list: "an array"
        }
    }
}

extension MemberRule where Value == Bool {
    static var flag: Self { Self("true or false", \.bool) { $0 } }
}

extension MemberRule where Value: BoundedText {
    static func text(_: Value.Type = Value.self) -> Self {
        .string { (text: String) throws(InvalidValue) in try Value(text) }
    }
}

extension MemberRule where Value: Quantity {
    static func quantity(_: Value.Type = Value.self) -> Self {
        .number { (number: Double) throws(InvalidValue) in try Value(number) }
    }
}

extension MemberRule where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    static func choice(_: Value.Type = Value.self) -> Self {
        .string { (name: String) throws(InvalidValue) in try Value(choosing: name) }
    }
}

extension RawRepresentable where Self: CaseIterable, RawValue == String {
    /// The case of this name; the error lists the names that there are.
    init(choosing name: String) throws(InvalidValue) {
        guard let choice = Self(exactly: name) else {
            let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw InvalidValue(.unknownValue, "This is one of \(names).")
        }
        self = choice
    }
}
