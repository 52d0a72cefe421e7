import EventSourcing

/// How a table of the active build differs from the one that was rebuilt from the log.
package struct TableDifferences: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// A row that the active build lacks.
        case added
        /// A row that only the active build has.
        case removed
        /// A row that both have, with other values.
        case changed
    }

    /// One row that differs. Values are JSON objects by column, nil where the build has no such row; secrets are masked.
    package struct Sample: Sendable {
        package let kind: Kind
        /// The primary key; nil where the table has none.
        package let key: JSON?
        package let active: JSON?
        package let rebuilt: JSON?
    }

    package let table: String
    /// How many rows the active build and the rebuilt one have.
    package internal(set) var activeRows: Int64 = 0
    package internal(set) var rebuiltRows: Int64 = 0
    package internal(set) var counts: [Kind: Int64] = [:]
    package internal(set) var samples: [Sample] = []
    /// Columns that only one of the two has; rows are compared by the others.
    package internal(set) var columnsAdded: [String] = []
    package internal(set) var columnsRemoved: [String] = []

    init(table: String) { self.table = table }

    package func count(_ kind: Kind) -> Int64 { counts[kind] ?? 0 }

    package var isEqual: Bool {
        counts.values.allSatisfy { $0 == 0 } && columnsAdded.isEmpty && columnsRemoved.isEmpty
    }
}
