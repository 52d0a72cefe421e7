import Counting
import EventSourcing
import StreamPolicy
import UseCases

/// The body that registers, replaces or changes a camera.
struct CameraForm {
    let draft: CameraDraft

    /// Reads the form that registers a camera.
    /// - Parameter now: the server's clock.
    init(_ json: JSON, now: Timestamp) throws(Problem) {
        self = try Form.read(json) { form in Self.read(form, requiresLines: false, now: now) }
    }

    /// Reads the form that replaces a camera: the document that shows it, or the part that requests set. Lines are
    /// required, so that nobody takes them away by leaving them out; what requests do not set is as it was shown.
    init(_ json: JSON, replacing document: CameraDocument, now: Timestamp) throws(Problem) {
        try self.init(json, over: document, besides: CameraDocument.neighbours + CameraDocument.clocked, now: now)
    }

    /// - Parameter names: of members that requests do not set and that may say anything.
    private init(_ json: JSON, over document: CameraDocument, besides names: [String], now: Timestamp) throws(Problem) {
        self = try Form.read(json) { form in
            let read = Self.read(form, requiresLines: true, now: now)
            form.checkUnchanged(document.members, besides: names)
            return read
        }
    }

    /// Reads a merge patch (RFC 7396) over the document that shows a camera. Null sets a member to what it is without
    /// one; a member that there is not is a fault all the same.
    init(patch: JSON, of document: CameraDocument, now: Timestamp) throws(Problem) {
        guard let changes = patch.object else {
            throw .validationFailed([
                Fault(at: .pointer(""), "wrong_type", "This must be an object, not \(patch.kind).")
            ])
        }
        var members = document.members
        for (name, change) in changes {
            switch (name, change) {
            case ("lines", .null): members[name] = []
            // Null is kept, for settings that there are not would else be removed in silence.
            case (_, .null): members[name] = .null
            case ("settings", .object(let settings)):
                members[name] = .object((members[name]?.object ?? [:]).merging(settings) { _, new in new })
            default: members[name] = (members[name] ?? .null).merging(change)
            }
        }
        try self.init(.object(members), over: document, besides: CameraDocument.neighbours, now: now)
    }

    private static func read(_ form: Form, requiresLines: Bool, now: Timestamp) -> Field<CameraForm> {
        let name = form.required("name", .text(CameraName.self))
        let location = form.optional("location", .text(Location.self))
        let notes = form.optional("description", .text(CameraNotes.self))
        let metadata = form.optional("metadata", .object(FreeformObject.init(_:)))
        let settings = form.optionalObject("settings", Self.settings(now: now))
        let timeZone = form.optional("time_zone", .string(TimeZoneName.init))
        let address = Self.address(form)
        let securityConfig = form.optional("security_config", Self.securityConfig)
        let given: Field<[Line]?> =
            requiresLines
            ? form.requiredObjects("lines", counted: Lines.check(count:), line).map(Optional.some)
            : form.optionalObjects("lines", counted: Lines.check(count:), line)
        let lines = given.flatMap { lines in
            form.make(at: "lines") { try Lines(lines ?? []) }
        }
        return form.make {
            let description = CameraDescription(
                name: try name.get(), location: try location.get(), notes: try notes.get(),
                metadata: try metadata.get() ?? .empty, settings: try settings.get() ?? CameraSettings(),
                timeZone: try timeZone.get() ?? .utc)
            let configuration = CameraConfiguration(
                address: try address.get(), lines: try lines.get(), securityConfig: try securityConfig.get() ?? nil)
            return CameraForm(draft: CameraDraft(description, configuration))
        }
    }

    private init(draft: CameraDraft) { self.draft = draft }

    private static func address(_ form: Form) -> Field<StreamAddress> {
        let type = form.optional("stream_type", .choice(StreamType.self))
        let url = form.required("stream_url", .string { $0 })
        return form.make(at: "stream_url") { try StreamAddress(try url.get(), type: try type.get()) }
    }

    /// An object of whatever it takes to open the stream, or the mask for what there is; an empty object is none.
    private static var securityConfig: MemberRule<CameraSecret?> {
        MemberRule("an object or \(CameraSecret.mask)", { $0 }) { (json: JSON) throws(InvalidValue) in
            if let members = json.object {
                if let fingerprint = members[CertificateFingerprint.member],
                    fingerprint.string.flatMap({ CertificateFingerprint($0) }) == nil
                {
                    throw InvalidValue(
                        .malformed,
                        "\(CertificateFingerprint.member) is the SHA-256 of a certificate, of 64 hexadecimal digits.")
                }
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

    static func settings(now: Timestamp) -> (Form) -> Field<CameraSettings> { { settings($0, now: now) } }

    private static func settings(_ form: Form, now: Timestamp) -> Field<CameraSettings> {
        let pace = form.optional("pace", .choice(CameraSettings.Pace.self))
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
            "detector", .choice(CameraSettings.Detector.self))
        let confidence = form.optional("confidence", .number(Confidence.init))
        let classes = form.optional("classes", .array(classes))
        let keepFrameData = form.optional("keep_frame_data", .flag)
        return form.make {
            CameraSettings(
                pace: try pace.get(), startedAt: try startedAt.get(), loop: try loop.get(),
                detector: try detector.get(), confidence: try confidence.get(), classes: try classes.get(),
                keepFrameData: try keepFrameData.get())
        }
    }

    private static func classes(_ names: [JSON]) throws(InvalidValue) -> ObjectClasses {
        try ObjectClasses.check(count: names.count)
        var classes: [ObjectClass] = []
        for name in names {
            guard let text = name.string else { throw InvalidValue(.malformed, "Classes are strings.") }
            classes.append(try ObjectClass(text))
        }
        return try ObjectClasses(classes)
    }
}
