/// A member of an event's data.
package struct EventMember: Hashable, Sendable {
    package let name: String
    package let type: MemberType
    /// What it says, beyond its name.
    package let meaning: String
    /// The schema versions whose events may have it.
    package let versions: ClosedRange<Int16>
    /// The schema versions whose events always have it; nil where there is none.
    package let requiredVersions: ClosedRange<Int16>?

    /// One that every event has, of the versions that are named.
    static func required(
        _ name: String, _ type: MemberType, since first: Int16 = 1, until last: Int16 = .max, _ meaning: String
    ) -> EventMember {
        EventMember(
            name: name, type: type, meaning: meaning, versions: first...last, requiredVersions: first...last)
    }

    /// One that an event may have.
    /// - Parameter requiredUntil: the last version whose events all have it.
    static func optional(
        _ name: String, _ type: MemberType, since first: Int16 = 1, until last: Int16 = .max,
        requiredUntil: Int16? = nil, _ meaning: String
    ) -> EventMember {
        EventMember(
            name: name, type: type, meaning: meaning, versions: first...last,
            requiredVersions: requiredUntil.map { first...$0 })
    }

    package func isRequired(in version: Int16) -> Bool { requiredVersions?.contains(version) ?? false }
}

/// What a member's value is. Bounds are those of what is written today: a rule that was tightened since leaves what the log
/// holds as it is.
package indirect enum MemberType: Hashable, Sendable {
    case integer(ClosedRange<Int64>)
    /// - Parameter excludesLowest: whether the number lies above the lower bound.
    case number(ClosedRange<Double>, excludesLowest: Bool = false)
    /// - Parameter lengths: in Unicode scalars; nil where no rule of this release says how long it may be.
    case text(ClosedRange<Int>?)
    case choice([String])
    case flag
    /// A text of RFC 3339 in UTC.
    case time
    /// The URL of a stream, without credentials. In events of earlier releases it holds what follows the host although that
    /// may be a secret; nobody is shown that.
    case streamURL
    /// What events of earlier releases hold in another member, a URL, and nobody is shown: not a member of the data.
    case secretPath(in: String)
    /// An object whose members are the caller's own.
    case freeform
    case object([EventMember])
    case list(of: MemberType, counts: ClosedRange<Int>)
}

extension MemberType {
    static let cameraID = integer(1...Int64.max)
    static let anyText = text(nil)
    /// How many were counted in one report.
    static let tally = integer(Tally.bounds)
    /// A count that only grows: of starts, takes, positions.
    static let ordinal = integer(1...Int64.max)

    static func text<Text: BoundedText>(_: Text.Type) -> MemberType { .text(Text.lengths) }

    static func quantity<Measured: Quantity>(_: Measured.Type) -> MemberType { .number(Measured.bounds) }

    static func choice<Choice: CaseIterable & RawRepresentable<String>>(_: Choice.Type) -> MemberType {
        .choice(Choice.allCases.map(\.rawValue))
    }
}
