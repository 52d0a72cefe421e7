import Counting
import EventSourcing
import Postgres

/// Leaves the cameras that have a value under a name in their metadata: `metadata.store=12`.
///
/// The value is a text; where it can be read as a number or as true or false, those are found too. The name is that of a
/// member of the metadata itself, dots included.
struct MetadataFilter {
    private static let prefix = "metadata."
    /// How many of them a list takes.
    static let maximumCount = 8

    let name: String
    let value: String

    static func read(_ query: Query) -> Field<[MetadataFilter]> {
        let names = query.names(beginningWith: prefix)
        let filters = names.map { parameter in
            query.optional(parameter) { (value: String) throws(InvalidValue) in
                let name = String(parameter.dropFirst(prefix.count))
                guard !name.isEmpty else { throw InvalidValue(.tooShort, "metadata. is followed by a member's name.") }
                return MetadataFilter(name: name, value: value)
            }
        }
        return query.make(at: names.first ?? prefix) {
            guard names.count <= maximumCount else {
                throw InvalidValue(.tooMany, "At most \(maximumCount) members of the metadata are filtered by.")
            }
            return try filters.compactMap { try $0.get() }
        }
    }

    /// The parameter that it was given as.
    var given: (String, String) { (Self.prefix + name, value) }

    /// The parameters of a query that the conditions of filters are part of.
    static let parameters: [(key: String, value: ValueType)] = (0..<maximumCount).flatMap { index in
        [("metadata_\(index)_text", .jsonb), ("metadata_\(index)_scalar", .jsonb)]
    }

    /// The values of the parameters that the filter's condition names.
    /// - Parameter index: of the filter among all of a list, from 0 on.
    func values(_ index: Int) -> [(key: String, value: Parameter)] {
        [("text", JSON.string(value)), ("scalar", scalar)].compactMap { kind, value in
            value.map { ("metadata_\(index)_\(kind)", .jsonb(JSON.object([name: $0]).bytes)) }
        }
    }

    /// SQL on a row of `read.camera_state`, in the form that the index on metadata serves.
    func condition(_ index: Int) -> String {
        let alternatives = values(index).map { "metadata::jsonb @> :\($0.key)" }
        return "(\(alternatives.joined(separator: " or ")))"
    }

    /// What the value stands for in JSON besides a text, however a number is written there. Longer numbers than anyone filters by are texts alone, for what
    /// the database cannot hold as a number is an error there.
    private var scalar: JSON? {
        if let flag = try? QueryRule.flag(value) { return .bool(flag) }  // any other text is no fault here
        guard value.wholeMatch(of: /-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?/) != nil else { return nil }
        return try? JSON.parse(Array(value.utf8))  // a text that is no JSON stands for itself alone
    }
}
