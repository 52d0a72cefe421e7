internal import CLibPQ

/// What the server says of a query without running it.
struct StatementDescription: Sendable {
    let columns: [(name: String, type: TypeID)]

    /// - Parameter result: of PQdescribePrepared; freed by the caller.
    init(_ result: OpaquePointer) {
        columns = (0..<PQnfields(result)).map {
            (String(cString: PQfname(result, $0)), TypeID(rawValue: PQftype(result, $0)))
        }
    }
}

extension Connection {
    /// Prepares a query, with the types of parameters that it declares, and compares its columns where it declares some.
    /// - Returns: in which ways the server sees the query otherwise than it is declared; none where all is right.
    package func differences(from query: SQLQuery) async throws -> [String] {
        let there: StatementDescription
        do throws(PostgresError) {
            there = try await outcome(of: .description(query)).get()[0].description
        } catch {
            guard case .server(let reason) = error else { throw error }
            return ["it cannot be prepared: \(reason)"]
        }
        if query.columns.isEmpty { return [] }
        let names = query.columns.map(\.name), namesThere = there.columns.map(\.name)
        guard names == namesThere else { return ["it has the columns \(namesThere), and declares \(names)"] }
        return zip(query.columns, there.columns).compactMap { column, other in
            column.type.ids.contains(other.type)
                ? nil : "column \(column.name) is no \(column.type): its type has the object id \(other.type.rawValue)"
        }
    }
}
