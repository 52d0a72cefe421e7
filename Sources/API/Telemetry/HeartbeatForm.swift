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
        let measurements = Heartbeat.measurements.map { form.optional($0.name, .member($0)) }
        return form.make {
            var heartbeat = Heartbeat(
                cameraID: cameraID, observedAt: try observedAt.get(), status: try status.get())
            for measurement in measurements { try measurement.get()?(&heartbeat) }
            return TelemetryReport(heartbeat)
        }
    }
}
