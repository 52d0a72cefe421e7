/// A statement whose parameters and columns have names and types, declared beside its SQL.
///
/// In the SQL a parameter is written `:name`. Values are given by name, and columns of rows are read by name. A test
/// prepares each query against a migrated database and compares what it declares with what the server says.
package struct SQLQuery: Sendable {
    /// Sets the query apart from all others, in tests and in what they say.
    package let name: String
    /// With `$1`, `$2` … in place of the names.
    package let sql: String
    /// In the order of their numbers.
    package let parameters: [(name: String, type: ValueType)]
    package let columns: [(name: String, type: ColumnType)]

    /// A parameter that the SQL names and the list does not, or the other way round, ends the program: it is wrong however
    /// it runs.
    package init(
        _ name: String, _ sql: String, parameters: KeyValuePairs<String, ValueType> = [:],
        columns: KeyValuePairs<String, ColumnType> = [:]
    ) {
        self.init(name, sql, parameters: Array(parameters), columns: columns)
    }

    package init(
        _ name: String, _ sql: String, parameters: [(key: String, value: ValueType)],
        columns: KeyValuePairs<String, ColumnType> = [:]
    ) {
        let named = NamedParameters(in: sql)
        for (declared, _) in parameters {
            precondition(named.names.contains(declared), "the SQL of \(name) has no parameter \(declared)")
        }
        self.init(name, named, among: parameters, columns: columns)
    }

    /// A query that is put together from parts: of the parameters it has those that its SQL names.
    package init(
        _ name: String, parts sql: String, among parameters: [(key: String, value: ValueType)],
        columns: KeyValuePairs<String, ColumnType> = [:]
    ) {
        self.init(name, NamedParameters(in: sql), among: parameters, columns: columns)
    }

    private init(
        _ name: String, _ named: NamedParameters, among parameters: [(key: String, value: ValueType)],
        columns: KeyValuePairs<String, ColumnType>
    ) {
        self.name = name
        sql = named.sql
        self.parameters = named.names.map { used in
            guard let type = parameters.first(where: { $0.key == used })?.value else {
                preconditionFailure("\(name) does not declare its parameter \(used)")
            }
            return (used, type)
        }
        self.columns = columns.map { ($0, $1) }
    }

    /// The query with those of these values that it has parameters for.
    /// - Parameter isPrepared: whether sessions keep the statement prepared; off for one of very many forms.
    package func statement(
        among values: [(key: String, value: Parameter)], prepared isPrepared: Bool = true
    ) -> Statement {
        statement(values.filter { value in parameters.contains { $0.name == value.key } }, prepared: isPrepared)
    }

    /// The query with its values, one for each parameter, of the type that is declared.
    package func statement(_ values: KeyValuePairs<String, Parameter> = [:]) -> Statement {
        statement(Array(values))
    }

    package func statement(
        _ values: [(key: String, value: Parameter)], prepared isPrepared: Bool = true
    ) -> Statement {
        precondition(
            values.count == parameters.count, "\(name) has \(parameters.count) parameters, not \(values.count)")
        var bound: [Parameter] = []
        bound.reserveCapacity(values.count)
        for (index, parameter) in parameters.enumerated() {
            // Mostly they come in the order in which the SQL names them.
            let place =
                values[index].key == parameter.name
                ? index : values.firstIndex { $0.key == parameter.name }
            guard let place else { preconditionFailure("\(name) lacks its parameter \(parameter.name)") }
            let value = values[place].value
            precondition(
                value.type == parameter.type.id, "the parameter \(parameter.name) of \(name) is not \(parameter.type)")
            bound.append(value)
        }
        return Statement(sql, bound, prepared: isPrepared)
    }
}

extension Connection {
    @discardableResult
    package func query(
        _ query: SQLQuery, _ values: KeyValuePairs<String, Parameter> = [:]
    ) async throws(PostgresError) -> Rows {
        try await pipeline([query.statement(values)])[0]
    }
}

extension Pool {
    @discardableResult
    package func query(
        _ query: SQLQuery, _ values: KeyValuePairs<String, Parameter> = [:]
    ) async throws(PostgresError) -> Rows {
        try await self.query(query.statement(values))
    }
}
