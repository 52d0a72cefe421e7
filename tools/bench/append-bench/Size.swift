import Postgres

/// What an event takes on disk.
enum Size {
    static func measure(_ database: BenchDatabase) async throws -> Measurement {
        let row = try await database.connection.query(
            """
            with partition as (
              select inhrelid as id from pg_inherits where inhparent = 'events'::regclass
            )
            select
              (select sum(pg_table_size(id)) from partition)::float8,
              (select sum(pg_indexes_size(id)) from partition)::float8,
              (select avg(pg_column_size(data)) from events)::float8,
              (select avg(octet_length(data::text)) from events)::float8,
              (select count(*) from events)::float8
            """)[0]
        let events = try row.double(4)
        var size = Measurement(
            name: "bytes_an_event",
            about:
                "of disk, indexes included; data is that column's share, json_text its length as JSON")
        size.figures = [
            "total": (try row.double(0) + row.double(1)) / events, "table": try row.double(0) / events,
            "indexes": try row.double(1) / events, "data": try row.double(2), "json_text": try row.double(3),
        ]
        return size
    }
}
