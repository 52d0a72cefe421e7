import Counting
import EventSourcing

/// The members of one heartbeat.
struct HeartbeatForm {
    let cameraID: CameraID
    let clock: ReportClock
    /// When the camera was registered; nil where what is reported is too recent for that to matter.
    var registration: Timestamp?

    func read(_ form: Form) -> Field<TelemetryReport> {
        let observedAt = form.required(
            "observed_at",
            .instant { instant throws(InvalidValue) in
                let time = try clock.time(instant)
                if let registration { try time.check(isAfter: registration, tolerance: clock.tolerance) }
                return time
            })
        let status = form.required("status", .choice(CameraStatus.self))
        let responseTime = form.optional("response_time_ms", .quantity(Milliseconds.self))
        let streamQuality = form.optional("stream_quality_score", .quantity(Ratio.self))
        let fps = form.optional("fps", .quantity(FramesPerSecond.self))
        let framesDropped = form.optional("frames_dropped", .integer(Tally.init))
        let readingsRefused = form.optional("readings_refused", .integer(Tally.init))
        let readingsGivenUp = form.optional("readings_given_up", .integer(Tally.init))
        let decodeTime = form.optional("decode_time_ms", .quantity(Milliseconds.self))
        let inferenceTime = form.optional("inference_time_ms", .quantity(Milliseconds.self))
        let cpuUsage = form.optional("cpu_usage", .quantity(Percentage.self))
        let memoryUsage = form.optional("memory_usage", .quantity(Percentage.self))
        let networkBandwidth = form.optional("network_bandwidth", .quantity(MegabitsPerSecond.self))
        let errorMessage = form.optional("error_message", .text(ErrorMessage.self))
        return form.make {
            var heartbeat = Heartbeat(
                cameraID: cameraID, observedAt: try observedAt.get(), status: try status.get())
            heartbeat.responseTime = try responseTime.get()
            heartbeat.streamQuality = try streamQuality.get()
            heartbeat.fps = try fps.get()
            heartbeat.framesDropped = try framesDropped.get()
            heartbeat.readingsRefused = try readingsRefused.get()
            heartbeat.readingsGivenUp = try readingsGivenUp.get()
            heartbeat.decodeTime = try decodeTime.get()
            heartbeat.inferenceTime = try inferenceTime.get()
            heartbeat.cpuUsage = try cpuUsage.get()
            heartbeat.memoryUsage = try memoryUsage.get()
            heartbeat.networkBandwidth = try networkBandwidth.get()
            heartbeat.errorMessage = try errorMessage.get()
            return TelemetryReport(heartbeat)
        }
    }
}
