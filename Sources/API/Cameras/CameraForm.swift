import Counting
import EventSourcing

/// The body that registers or replaces a camera.
struct CameraForm {
    let description: CameraDescription
    let configuration: CameraConfiguration

    /// - Parameter now: the server's clock.
    init(_ json: JSON, now: Timestamp) throws(Problem) {
        self = try Form.read(json) { form in
            let name = form.required("name", .text(CameraName.self))
            let location = form.optional("location", .text(Location.self))
            let notes = form.optional("description", .text(CameraNotes.self))
            let metadata = form.optional("metadata", .object(FreeformObject.init(_:)))
            let settings = form.optionalObject("settings", Self.settings(now: now))
            let timeZone = form.optional("time_zone", .string(TimeZoneName.init))
            let address = Self.address(form)
            let securityConfig = form.optional("security_config", Self.securityConfig)
            let lines = form.optionalObjects("lines", Self.line).flatMap { lines in
                form.make(at: "lines") { try Lines(lines ?? []) }
            }
            return form.make {
                CameraForm(
                    description: CameraDescription(
                        name: try name.get(), location: try location.get(), notes: try notes.get(),
                        metadata: try metadata.get() ?? .empty, settings: try settings.get() ?? Settings(),
                        timeZone: try timeZone.get() ?? .utc),
                    configuration: CameraConfiguration(
                        address: try address.get(), lines: try lines.get(),
                        securityConfig: try securityConfig.get() ?? nil))
            }
        }
    }

    private init(description: CameraDescription, configuration: CameraConfiguration) {
        self.description = description
        self.configuration = configuration
    }

    private static func address(_ form: Form) -> Field<StreamAddress> {
        let type = form.optional("stream_type", .choice(StreamType.self))
        let url = form.required("stream_url", .string { $0 })
        return form.make(at: "stream_url") { try StreamAddress(try url.get(), type: try type.get()) }
    }

    /// An object of whatever it takes to open the stream, or the mask for what there is; an empty object is none.
    private static var securityConfig: MemberRule<CameraSecret?> {
        MemberRule("an object or \(CameraSecret.mask)", { $0 }) { (json: JSON) throws(InvalidValue) in
            if let members = json.object {
                return members.isEmpty ? nil : .clear(try FreeformObject(members).json.text)
            }
            guard json.string == CameraSecret.mask else {
                throw InvalidValue(.malformed, "This is an object, or \(CameraSecret.mask) for the one that there is.")
            }
            return .masked
        }
    }

    static func line(_ form: Form) -> Field<Line> {
        let name = form.required("name", .text(LineName.self))
        let from = form.required("from", .array(point))
        let to = form.required("to", .array(point))
        let inside = form.required("inside", .array(point))
        return form.make {
            try Line(name: try name.get(), from: try from.get(), to: try to.get(), inside: try inside.get())
        }
    }

    private static func point(_ coordinates: [JSON]) throws(InvalidValue) -> Point {
        guard coordinates.count == 2, let x = coordinates[0].number, let y = coordinates[1].number else {
            throw InvalidValue(.malformed, "A point is an array of two numbers, [x, y].")
        }
        return try Point(x: x, y: y)
    }

    static func settings(now: Timestamp) -> (Form) -> Field<Settings> { { settings($0, now: now) } }

    private static func settings(_ form: Form, now: Timestamp) -> Field<Settings> {
        let pace = form.optional("pace", .choice(Settings.Pace.self))
        let startedAt = form.optional(
            "started_at",
            .instant { (instant: Timestamp) throws(InvalidValue) in
                guard instant <= now else {
                    throw InvalidValue(
                        .inFuture, "A recording was begun in the past: its pictures are dated from there.")
                }
                return instant
            })
        let loop = form.optional("loop", .flag)
        let detector = form.optional(
            "detector", .choice(Settings.Detector.self))
        let confidence = form.optional("confidence", .number(Confidence.init))
        let classes = form.optional("classes", .array(classes))
        let keepFrameData = form.optional("keep_frame_data", .flag)
        return form.make {
            Settings(
                pace: try pace.get(), startedAt: try startedAt.get(), loop: try loop.get(),
                detector: try detector.get(), confidence: try confidence.get(), classes: try classes.get(),
                keepFrameData: try keepFrameData.get())
        }
    }

    private static func classes(_ names: [JSON]) throws(InvalidValue) -> ObjectClasses {
        var classes: [ObjectClass] = []
        for name in names {
            guard let text = name.string else { throw InvalidValue(.malformed, "Classes are strings.") }
            classes.append(try ObjectClass(text))
        }
        return try ObjectClasses(classes)
    }
}
