/// The read models that Footfall answers from, by the names of their projections.
package enum ReadModel: String, CaseIterable {
    case cameraState = "camera_state"
    case healthSummary = "health_summary"
    case hourlyCounts = "hourly_counts"
    case streamInfo = "stream_info"
    case cameraMetrics = "camera_metrics"
    case cameraLocations = "camera_locations"
    case minuteCounts = "minute_counts"
    case cameraUptime = "camera_uptime"

    /// SQL for the least position that these read models reflect; null before the first build of one is ready.
    package static func position(of models: ReadModel...) -> String { position(of: models) }

    package static func position(of models: [ReadModel]) -> String {
        let names = models.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return """
            (select case when count(*) = \(models.count) then min(position) end
             from read.checkpoints where projection in (\(names)))
            """
    }
}
