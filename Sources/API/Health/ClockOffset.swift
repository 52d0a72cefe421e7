/// How far a worker's clock is from the server's, by its last heartbeat: what is told of it, as SQL on rows of
/// `read.health_summary`.
///
/// `clock_offset_ms` is above 0 where the worker's clock is ahead. A heartbeat that was long on its way looks like one
/// from a clock that is behind.
enum ClockOffset {
    /// Beyond it, in milliseconds, people are warned.
    static let limit: Int64 = 5000

    /// Whether people are warned.
    static let isLarge = "abs(clock_offset_ms) > \(limit)"

    /// A JSON array of the names of what people are warned of.
    static let warnings = "case when \(isLarge) then json_build_array('clock_offset') else '[]'::json end"
}
