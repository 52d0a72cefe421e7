/// A typed view of the events of one type in the range that is being applied: a file of `projections/_events`.
///
/// The file is a `select` from `batch`; its comment declares what it shows:
///
///     -- Event: CountReadingRecorded 1, 2
///
/// The view is named after the file, and shows the events of that type in those schema versions.
package struct EventView: Sendable, Equatable {
    package let name: String
    /// The events' type, by its stored name.
    package let type: String
    package let schemaVersions: [Int]
    private let select: String

    /// - Parameter text: what its file holds.
    package init(name: String, text: String) throws(ProjectionDefinition.Invalid) {
        self.name = name
        select = text
        let declaration = SQLText(text).comments.compactMap {
            $0.wholeMatch(of: /Event: ([A-Za-z]+) ([0-9]+(?:, [0-9]+)*)/)
        }
        guard declaration.count == 1 else { throw .undeclaredView(name) }
        type = String(declaration[0].1)
        schemaVersions = declaration[0].2.split(separator: ", ").compactMap { Int($0) }
    }

    /// What makes the view in the schema of a build.
    package var sql: String {
        """
        create view \(name) as
        \(select)
        where type = '\(type)' and schema_version in (\(versions))
        """
    }

    /// The condition under which an event of this type is one that the view does not show.
    var unknownVersion: String { "type = '\(type)' and schema_version not in (\(versions))" }

    private var versions: String { schemaVersions.map(String.init).joined(separator: ", ") }
}
