import Counting
import EventSourcing
import UseCases

/// How a camera is counted, with every default filled in: what GET shows and what PUT takes, member for member.
struct CameraConfig {
    let settings: CameraSettings
    let lines: Lines
    let timeZone: TimeZoneName

    /// Reads a whole configuration. `settings`, `lines` and `time_zone` are required, so that nobody takes a camera's
    /// lines away by leaving them out; a setting that is left out or null has its default.
    /// - Parameter now: the server's clock.
    init(_ json: JSON, now: Timestamp) throws(Problem) {
        self = try Form.read(json) { form in
            let settings = form.requiredObject("settings", CameraForm.settings(now: now))
            let lines = form.requiredObjects("lines", counted: Lines.check(count:), CameraForm.line).flatMap { lines in
                form.make(at: "lines") { try Lines(lines) }
            }
            let timeZone = form.required("time_zone", .string(TimeZoneName.init))
            return form.make {
                CameraConfig(settings: try settings.get(), lines: try lines.get(), timeZone: try timeZone.get())
            }
        }
    }

    init(_ camera: Camera) {
        self.init(
            settings: camera.description.settings, lines: camera.configuration.lines,
            timeZone: camera.description.timeZone)
    }

    private init(settings: CameraSettings, lines: Lines, timeZone: TimeZoneName) {
        self.settings = settings
        self.lines = lines
        self.timeZone = timeZone
    }

    /// The members that a camera's row gives, as SQL: the same that `bytes` says.
    static let columns = "jsonb '\(CameraSettings.defaultMembers.text)' || settings as settings, lines, time_zone"

    var bytes: [UInt8] {
        var effective = CameraSettings.defaultMembers.object ?? [:]
        effective.merge(settings.json.object ?? [:]) { _, given in given }
        return CameraDocument.bytes([
            ("settings", .object(effective)), ("lines", lines.json), ("time_zone", .string(timeZone.text)),
        ])
    }
}
