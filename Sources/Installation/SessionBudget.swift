import Postgres

/// How many sessions the database has room for, against how many a process may ask for.
package struct SessionBudget: Sendable {
    /// How many there may be beside those kept for superusers, in the server, the database, and for the role.
    let limit: Int64
    /// How many others there are, of whatever programs.
    let others: Int64

    /// - Throws: `PostgresError`.
    package init(on connection: Connection) async throws(PostgresError) {
        // Each limit of -1 is none; reserved_connections is there from PostgreSQL 16 on.
        let row = try await connection.query(
            """
            select
              least(
                current_setting('max_connections')::bigint
                  - current_setting('superuser_reserved_connections')::bigint
                  - coalesce(current_setting('reserved_connections', true)::bigint, 0),
                (select nullif(datconnlimit, -1) from pg_database where datname = current_database()),
                (select nullif(rolconnlimit, -1) from pg_roles where rolname = session_user)
              ) as room,
              (
                select count(*)
                from pg_stat_activity
                where backend_type = 'client backend' and pid <> pg_backend_pid()
              ) as others
            """)[0]
        limit = try row.integer("room")
        others = try row.integer("others")
    }

    init(limit: Int64, others: Int64) {
        self.limit = limit
        self.others = others
    }

    /// What is to be said to an operator; nil where there is room.
    package func warning(for most: Int) -> String? {
        if Int64(most) + others <= limit { return nil }
        return "the database has room for \(limit) sessions, of which \(others) are taken, and this process uses up to "
            + "\(most); raise max_connections (or the database's or role's limit), or lower FOOTFALL_DATABASE_READERS, "
            + "FOOTFALL_DATABASE_SLOW_READERS and FOOTFALL_DATABASE_WRITERS"
    }
}
