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
              (select sum(pg_table_size(id)) from partition)::float8 as table_bytes,
              (select sum(pg_indexes_size(id)) from partition)::float8 as index_bytes,
              (select avg(pg_column_size(data)) from events)::float8 as data_bytes,
              (select avg(octet_length(data::text)) from events)::float8 as text_bytes,
              (select count(*) from events)::float8 as events
            """)[0]
        let events = try row.double("events")
        var size = Measurement(
            name: "bytes_an_event",
            about:
                "of disk, indexes included; data is that column's share, json_text its length as JSON")
        size.figures = [
            "total": (try row.double("table_bytes") + row.double("index_bytes")) / events,
            "table": try row.double("table_bytes") / events, "indexes": try row.double("index_bytes") / events,
            "data": try row.double("data_bytes"), "json_text": try row.double("text_bytes"),
        ]
        return size
    }
}
