import Counting
import EventSourcing
import TestSupport

/// A made-up history of a few cameras that every projection must digest: commands of all kinds decided by the domain
/// itself, telemetry between them that comes late, twice and out of order.
struct RandomHistory {
    private var random: SeededGenerator
    /// Draws what does not steer the history, so that what is added here leaves the course of a seed's history as it is.
    private var details: SeededGenerator
    private var cameras: [CameraID: Camera.State] = [:]
    /// What was counted at each camera's line, class and quarter hour, for corrections.
    private var totals: [Place: [Timestamp: (in: Int64, out: Int64)]] = [:]
    /// The numbers of the cameras in play; a removed one makes room for a new one.
    private var numbers: [Int64] = [1, 2, 3, 4, 5, 6]
    private let now = Timestamp(microseconds: 1_790_000_000_000_000)
    /// What was observed at each camera, to be said once more word by word.
    private var observed: [CameraID: [(event: NewEvent, reading: CountReading?)]] = [:]
    private var sequence: Int64 = 0
    /// What described and configured each camera before it was changed last: some changes are taken back.
    private var former: [CameraID: (CameraDescription, CameraConfiguration)] = [:]
    /// Cameras that were removed and kept their keys.
    private var removed: [CameraID] = []

    private struct Place: Hashable {
        let cameraID: CameraID
        let line: LineName?
        let objectClass: ObjectClass
    }

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        details = SeededGenerator(seed: ~seed)
    }

    /// The first appends of a history, at least `count` events in all: that of the first seed from this one on which has
    /// what is asked for. What one seed makes up changes with all that histories may hold.
    static func appends(_ count: Int, seed: UInt64, holding isWanted: (Append) -> Bool) throws -> [Append] {
        var seed = seed
        while true {
            var history = RandomHistory(seed: seed)
            let appends = try history.appends(count)
            if appends.contains(where: isWanted) { return appends }
            seed += 1
        }
    }

    /// The next appends, at least `count` events in all.
    mutating func appends(_ count: Int) throws -> [Append] {
        var appends: [Append] = []
        var events = 0
        while events < count {
            guard let append = try nextAppend() else { continue }
            events += append.events.count
            appends.append(append)
        }
        return appends
    }

    private mutating func nextAppend() throws -> Append? {
        if Int.random(in: 0..<40, using: &random) == 0 { return detail([skip(), reactionSkip(), revocation()]) }
        if !removed.isEmpty, Int.random(in: 0..<4, using: &random) == 0 { return erasure() }
        let slot = Int.random(in: 0..<numbers.count, using: &random)
        if cameras[try CameraID(numbers[slot])] == .removed { numbers[slot] += Int64(numbers.count) }
        let id = try CameraID(numbers[slot])
        if case .registered = cameras[id, default: .unregistered], Int.random(in: 0..<10, using: &random) < 7 {
            return switch Int.random(in: 0..<16, using: &random) {
            case 0, 1: try correction(of: id)
            case 2: try occupancyReset(of: id)
            default: try telemetry(of: id)
            }
        }
        return try command(on: id)
    }

    private mutating func command(on id: CameraID) throws -> Append? {
        let state = cameras[id, default: .unregistered]
        var (description, configuration) = (try description(), try configuration())
        if let former = former[id], Int.random(in: 0..<3, using: &details) == 0 {
            (description, configuration) = former
        }
        let worker = try pick([nil, WorkerID("one"), WorkerID("two")])
        let statuses: [CameraStatus] = [.offline, .online, .maintenance, .error]
        let command: Camera.Command = pick([
            .register(id, description, configuration), .describe(description), .configure(configuration),
            .replace(description, configuration), .start(worker: worker), .restart(worker: worker),
            .restart(worker: worker, recount: true), endOfTake(of: state),
            .stop(reason: Reason(stored: "random")),
            .setStatus(pick(statuses), reason: reason(), by: pick([.named("ana"), .worker, .server])), .startMonitoring,
            .stopMonitoring,
            // Seldom enough that cameras live for a while.
            Int.random(in: 0..<2, using: &random) == 0
                ? .remove(reason: reason(), erasing: Bool.random(using: &random)) : .stop(reason: nil),
        ])
        let events: [Camera.Event]
        do { events = try Camera.decide(command, state) } catch { return nil }
        if events.isEmpty { return nil }
        let next = events.reduce(state, Camera.evolve)
        cameras[id] = next
        if case (.registered(let old), .registered(let new)) = (state, next),
            (old.description, old.configuration) != (new.description, new.configuration)
        {
            former[id] = (old.description, old.configuration)
        }
        if cameras[id] == .removed, !events.contains(.erased(id)) { removed.append(id) }
        let lifecycles = events.map { Camera.lifecycle(of: $0, in: id.stream) }
        return Append(
            to: id.stream, events: events.map(Camera.encode),
            metadata: EventMetadata(actor: pick(["ana", "ben", nil])),
            opens: lifecycles.flatMap(\.opens), closes: lifecycles.flatMap(\.closes))
    }

    /// Of a camera that was removed before.
    private mutating func erasure() -> Append {
        let id = removed.remove(at: Int.random(in: 0..<removed.count, using: &random))
        return Append(
            to: id.erasureStream, expecting: .noStream, events: [Camera.encode(.erased(id))],
            metadata: EventMetadata(actor: "ana"))
    }

    private mutating func telemetry(of id: CameraID) throws -> Append {
        let isRepeated = Int.random(in: 0..<8, using: &random) == 0
        let (event, reading) = try isRepeated ? pick(observed[id] ?? [observation(at: id)]) : observation(at: id)
        observed[id, default: []].append((event, reading))
        if let reading {
            let place = Place(cameraID: id, line: reading.line, objectClass: reading.objectClass)
            add(reading.countIn.count, reading.countOut.count, to: place, at: quarterHour(reading.observedAt.instant))
        }
        sequence += 1
        return Append(
            to: id.telemetryStream, expecting: .exists,
            producer: ProducerSequence(source: pick(["one", "two"]), sequence: sequence),
            events: [event], metadata: EventMetadata(actor: "worker"))
    }

    private mutating func observation(at id: CameraID) throws -> (event: NewEvent, reading: CountReading?) {
        // Mostly recent, some hours old, some at the very same instant.
        let seconds = pick(
            [0, 0, 0, 0, 1, 30, 89, 90, 91, 200, 900, 7200, 100_000].map { Int.random(in: 0...$0, using: &random) })
        let observedAt = try ObservationTime(now - .seconds(seconds), now: now)
        guard Bool.random(using: &random) else {
            let place = place(at: id)
            var reading = CountReading(
                cameraID: id, observedAt: observedAt, line: place.line, objectClass: place.objectClass,
                countIn: try Tally(Int64.random(in: 0...3, using: &random)),
                countOut: try Tally(Int64.random(in: 0...3, using: &random)))
            reading.take = take(of: cameras[id, default: .unregistered])
            reading.confidence = try detail([nil, Ratio(0.75)])
            reading.processingTime = try detail([nil, Milliseconds(20.5)])
            reading.modelVersion = detail([nil, ModelVersion(stored: "m1")])
            reading.frameData = detail([nil, .sealed(SealedFrameData(keyID: "cab1e", text: "AAEC"))])
            return (reading.event, reading)
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            var probe = StreamProbe(cameraID: id, observedAt: observedAt, isOpen: Bool.random(using: &random))
            if probe.isOpen {
                (probe.codec, probe.width, probe.height) = (pick([nil, "h264"]), pick([640, 1920]), pick([nil, 480]))
                probe.fps = try pick([nil, FramesPerSecond(25)])
                (probe.duration, probe.url) = (pick([nil, 79_500]), pick([nil, "file:///clips/door.mp4"]))
            } else {
                (probe.reason, probe.detail) = (
                    pick(["timed_out", "no_answer"]), pick([nil, ErrorMessage(stored: "no route to host")])
                )
            }
            probe.responseTime = try pick([nil, Milliseconds(12.5)])
            return (probe.event, nil)
        }
        var heartbeat = Heartbeat(cameraID: id, observedAt: observedAt, status: pick([.online, .online, .error]))
        heartbeat.fps = try pick([nil, FramesPerSecond(Double.random(in: 0...30, using: &random))])
        heartbeat.framesDropped = try pick([nil, Tally(Int64.random(in: 0...50, using: &random))])
        // By what was drawn already, so that the histories of seeds stay as they are.
        if let dropped = heartbeat.framesDropped, dropped.count % 3 == 0 {
            (heartbeat.readingsRefused, heartbeat.readingsGivenUp) = (dropped, try Tally(dropped.count / 3))
        }
        heartbeat.responseTime = try pick([nil, Milliseconds(Double.random(in: 0...900, using: &random))])
        heartbeat.streamQuality = try pick([nil, Ratio(0.5)])
        heartbeat.errorMessage = pick([nil, ErrorMessage(stored: "no route to host")])
        for measurement in Heartbeat.measurements where measurement.json(heartbeat) == nil {
            guard Int.random(in: 0..<3, using: &details) > 0 else { continue }
            try measurement.given(measured(measurement.declaration.type))?(&heartbeat)
        }
        return (heartbeat.event, nil)
    }

    /// Any value of the kind; texts are seldom there, for an error counts.
    private mutating func measured(_ type: MemberType) -> JSON {
        switch type {
        case .integer(let bounds): .integer(Int64.random(in: bounds.clamped(to: -100...100), using: &details))
        case .number(let bounds, _):
            .number(Double.random(in: bounds.clamped(to: -100...100), using: &details))
        default: .string(detail(["", "late", "no picture"]))
        }
    }

    private mutating func reason() -> Reason? { detail([nil, Reason(stored: "random")]) }

    private mutating func revocation() -> Append {
        let time = now - .seconds(Int.random(in: 0..<1000, using: &details))
        let which: TokensRevoked.Which = detail([
            .token(TokenID(stored: "5c1f")), .subject(TokenSubject(stored: "ben"), issuedBefore: time),
            .all(issuedBefore: time),
        ])
        return Append(
            to: TokensRevoked.stream, events: [TokensRevoked(which, reason: reason()).event],
            metadata: EventMetadata(actor: "ana"))
    }

    private static let skipped = SkippedEvent(
        position: 1, type: "CameraRegistered", stream: "camera-1", error: "random", reason: Reason(stored: "random"))

    private func skip() -> Append {
        let skip = ProjectionEventSkipped(
            projection: ProjectionName(stored: "a_projection"), skipped: Self.skipped, sqlState: "22P02")
        return Append(to: skip.projection.stream, events: [skip.event], metadata: EventMetadata(actor: "ana"))
    }

    private func reactionSkip() -> Append {
        let skip = ReactionEventSkipped(reaction: "a_reaction", skipped: Self.skipped)
        return Append(to: skip.reaction.stream, events: [skip.event], metadata: EventMetadata(actor: "ana"))
    }

    /// Mostly of recent quarter hours, up and down; nil where it would take off more than there is.
    private mutating func correction(of id: CameraID) throws -> Append? {
        let place = place(at: id)
        let first = quarterHour(now) - .seconds(900 * pick([0, 1, 2, 30]))
        let last = first + .seconds(900 * pick([1, 2, 8]))
        guard
            let delta = try? CountDelta(
                in: Int64.random(in: -3...3, using: &random), out: Int64.random(in: -3...3, using: &random)),
            let correction = try? CountCorrection(
                cameraID: id, range: QuarterHours(from: first, to: last), line: place.line,
                objectClass: place.objectClass, delta: delta, reason: Reason(stored: "random"),
                totals: totals[place] ?? [:])
        else { return nil }
        for share in correction.shares { add(share.delta.countIn, share.delta.countOut, to: place, at: share.start) }
        return Append(
            to: id.telemetryStream, expecting: .exists, events: [correction.event],
            metadata: EventMetadata(actor: "ana"))
    }

    /// Any take that its recordings ever had, replaced ones included; nil for what is counted live.
    private mutating func take(of state: Camera.State) -> Int64? {
        guard case .registered(let camera) = state, camera.takes.count > 0, Int.random(in: 0..<4, using: &random) > 0
        else { return nil }
        return Int64.random(in: max(1, camera.takes.count - 2)...camera.takes.count, using: &random)
    }

    private mutating func endOfTake(of state: Camera.State) -> Camera.Command {
        guard case .registered(let camera) = state, let take = camera.takes.current else { return .stop(reason: nil) }
        return .endTake(take, at: now - .seconds(pick([0, 900, 5000])), reason: nil)
    }

    private mutating func occupancyReset(of id: CameraID) throws -> Append {
        let reset = try OccupancyReset(
            cameraID: id, at: quarterHour(now) - .seconds(900 * pick([0, 1, 2, 30])),
            occupancy: try Tally(Int64.random(in: 0...3, using: &random)), reason: reason())
        return Append(
            to: id.telemetryStream, expecting: .exists, events: [reset.event], metadata: EventMetadata(actor: "ana"))
    }

    private mutating func place(at id: CameraID) -> Place {
        Place(
            cameraID: id, line: pick(["door", "gate", nil]).map(LineName.init(stored:)),
            objectClass: ObjectClass(stored: pick(["person", "car"])))
    }

    private func quarterHour(_ instant: Timestamp) -> Timestamp {
        Timestamp(microseconds: instant.microseconds / 900_000_000 * 900_000_000)
    }

    private mutating func add(_ countIn: Int64, _ countOut: Int64, to place: Place, at start: Timestamp) {
        let present = totals[place, default: [:]][start] ?? (0, 0)
        totals[place, default: [:]][start] = (present.in + countIn, present.out + countOut)
    }

    private mutating func description() throws -> CameraDescription {
        var description = CameraDescription(name: CameraName(stored: pick(["Entrance", "Exit", "Yard"])))
        description.location = pick([nil, Location(stored: "Hall")])
        description.metadata = try FreeformObject(
            pick([[:], ["floor": 2, "big": .number(JSONNumber(text: "1e308"))]]))
        description.settings.loop = pick([nil, true])
        description.settings.startedAt = pick([nil, quarterHour(now) - .seconds(900), now - .seconds(7300)])
        description.notes = detail([nil, CameraNotes(stored: "Above the door")])
        description.settings.pace = detail([nil, .fast])
        // Seldom: each is another take of a recording.
        if Int.random(in: 0..<6, using: &details) == 0 {
            description.settings.detector = .yolo
            description.settings.confidence = try Confidence(0.5)
            description.settings.classes = try ObjectClasses([ObjectClass("person")])
        }
        description.settings.keepFrameData = detail([nil, true])
        description.timeZone = try detail([.utc, TimeZoneName("Europe/Berlin")])
        return description
    }

    private mutating func configuration() throws -> CameraConfiguration {
        var configuration = try streamed()
        let line = try Line(
            name: LineName("door"), from: Point(x: 0, y: 0.5), to: Point(x: 1, y: 0.5), inside: Point(x: 0.5, y: 1))
        configuration.lines = try detail([.none, .none, .none, Lines([line])])
        return configuration
    }

    private mutating func streamed() throws -> CameraConfiguration {
        if Bool.random(using: &random) {
            return CameraConfiguration(
                address: try StreamAddress(pick(["file:///clips/a.avi", "file:///clips/b.avi"]), type: .file))
        }
        let (url, credentials) = pick([
            ("rtsp://10.0.0.1/a", nil), ("rtsp://10.0.0.2/b", CameraSecret.kept(SecretID("c0ffee"))),
        ])
        var address = try StreamAddress(url, type: .rtsp).with(credentials)
        if Int.random(in: 0..<3, using: &details) == 0 {
            address = try StreamAddress("http://10.0.0.3/snapshot?key=abc", type: .http).with(credentials)
            address.path = .kept(SecretID("face"))
        }
        return CameraConfiguration(address: address, securityConfig: pick([nil, .kept(SecretID("5afe"))]))
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    private mutating func detail<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &details)]
    }
}
