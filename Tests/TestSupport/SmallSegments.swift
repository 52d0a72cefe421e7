import Postgres

/// Gives an empty log segments and partitions that a test can fill.
package func makeSmallSegments(_ segmentSize: Int64, partition partitionSize: Int64, on connection: Connection)
    async throws
{
    // The first partition was made with the size of a real log's.
    try await connection.script(
        """
        drop table events_000001;
        update log_head set segment_size = \(segmentSize), partition_size = \(partitionSize), partitioned_to = 0;
        select extend_event_partitions(1)
        """)
}
