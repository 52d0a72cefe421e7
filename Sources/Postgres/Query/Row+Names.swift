/// The readers of `Row` by the column's name. They throw `PostgresError.decoding` where the statement has no such column.
extension Row {
    package func isNull(_ column: String) throws(PostgresError) -> Bool { isNull(try rows.column(column)) }

    package func optionalInteger(_ column: String) throws(PostgresError) -> Int64? {
        try optionalInteger(try rows.column(column))
    }

    package func integer(_ column: String) throws(PostgresError) -> Int64 { try integer(try rows.column(column)) }

    package func optionalDouble(_ column: String) throws(PostgresError) -> Double? {
        try optionalDouble(try rows.column(column))
    }

    package func double(_ column: String) throws(PostgresError) -> Double { try double(try rows.column(column)) }

    package func bool(_ column: String) throws(PostgresError) -> Bool { try bool(try rows.column(column)) }

    package func optionalText(_ column: String) throws(PostgresError) -> String? {
        try optionalText(try rows.column(column))
    }

    package func text(_ column: String) throws(PostgresError) -> String { try text(try rows.column(column)) }

    package func optionalBytes(_ column: String) throws(PostgresError) -> [UInt8]? {
        try optionalBytes(try rows.column(column))
    }

    package func bytes(_ column: String) throws(PostgresError) -> [UInt8] { try bytes(try rows.column(column)) }

    package func optionalTimestamp(_ column: String) throws(PostgresError) -> Int64? {
        try optionalTimestamp(try rows.column(column))
    }

    package func timestamp(_ column: String) throws(PostgresError) -> Int64 {
        try timestamp(try rows.column(column))
    }

    package func integers(_ column: String) throws(PostgresError) -> [Int64?] {
        try integers(try rows.column(column))
    }

    package func texts(_ column: String) throws(PostgresError) -> [String?] { try texts(try rows.column(column)) }
}
