import Counting
import EventSourcing
import Hummingbird
import StreamPolicy
import Synchronization
import UseCases

/// Looks at cameras' streams when somebody asks, and records what was found.
struct StreamProbes: Sendable {
    let backend: Backend
    let places = ProbePlaces(4)

    private static let timeouts = Int64(500)...30_000

    /// What is there, or why it cannot be opened.
    @Sendable func test(_ request: Request, _ context: APIContext) async throws -> Response {
        let (probe, position) = try await probe(request, context)
        return .json(probe.json.bytes, position: position)
    }

    /// Looks, and answers the camera's health with what was found.
    @Sendable func check(_ request: Request, _ context: APIContext) async throws -> Response {
        let (probe, position) = try await probe(request, context)
        let health = HealthReads(readModels: backend.readModels)
        var document = try await health.document(of: try context.cameraID, atLeast: position)
        document.removeLast()
        document += #","check":"#.utf8
        document += probe.json.bytes
        document += "}".utf8
        return .json(document, position: position)
    }

    private func probe(_ request: Request, _ context: APIContext) async throws -> (StreamProbe, Int64) {
        try Query.none(request)
        let timeout = try Form.read(try await request.optionalJSON() ?? [:]) { form in
            form.optional(
                "timeout_ms",
                .integer { (number: Int64) throws(InvalidValue) in
                    guard Self.timeouts.contains(number) else {
                        throw InvalidValue(.outOfRange, "A time-out lies between 500 and 30000 milliseconds.")
                    }
                    return number
                })
        }
        let id = try context.cameraID
        return try await places.take {
            try await backend.look(at: id, timeout: timeout ?? 5000, metadata: context.eventMetadata)
        }
    }
}

extension Backend {
    /// Looks at a camera's stream, and records what was found.
    /// - Parameter timeout: in milliseconds.
    func look(
        at id: CameraID, timeout: Int64, metadata: EventMetadata
    ) async throws -> (probe: StreamProbe, position: Int64) {
        let stream = try await stream(of: id)
        let found: JSON
        do throws(StreamProber.Failure) {
            found = try await prober.look(
                .members([
                    "stream_type": .string(stream.address.type.rawValue), "stream_url": .string(stream.url),
                    "timeout_ms": .integer(timeout),
                    CertificateFingerprint.member: stream.certificate.map { .string($0.hexadecimal) },
                ]))
        } catch {
            guard error == .unavailable else { throw Problem.internalError }
            throw Problem(.probeUnavailable, "The program footfall-worker is not beside the one that serves the API.")
        }
        var probe = try StreamProbe(found, of: id, now: now())
        probe.url = stream.address.url
        let outcome = try await log.append([
            Append(to: id.telemetryStream, expecting: .exists, events: [probe.event], metadata: metadata)
        ])
        switch outcome.first {
        case .appended(let appended)?: return (probe, appended.positions.upperBound)
        case .closed?: throw Problem(Camera.Rejection.removed)
        case .missing?: throw Problem(Camera.Rejection.unknown)
        case .conflict?, .duplicate?, nil: throw Problem.internalError
        }
    }

    /// What monitoring finds by looking at a camera's stream; nothing where it cannot be looked at now.
    package var streamCheck: CameraMonitor.Check {
        { suspect in
            do {
                let probe = try await look(at: suspect.id, timeout: 5000, metadata: CameraMonitor.metadata).probe
                if probe.isOpen, suspect.desiredState == .running {
                    return .init(.error, reason: CameraMonitor.unheard)
                }
                if probe.isOpen { return .init(.online, reason: Reason(stored: "its stream can be opened")) }
                return .init(
                    .error, reason: Reason(stored: "its stream cannot be opened: \(probe.reason ?? "no reason given")"))
            } catch {
                return nil  // removed meanwhile, or the log is out of reach: the next round looks again
            }
        }
    }
}

extension Backend {
    /// A camera's stream as who opens it needs it, credentials included.
    func stream(
        of id: CameraID
    ) async throws -> (address: StreamAddress, url: String, certificate: CertificateFingerprint?) {
        switch try await CommandHandler<Camera>(log: log).load(id.stream).state {
        case .registered(let camera):
            let address = camera.configuration.address
            let secrets = CameraSecrets(vault: vault)
            return (
                address, try await secrets.url(of: address, of: id),
                try await secrets.certificate(of: camera.configuration, of: id)
            )
        case .unregistered: throw Problem(Camera.Rejection.unknown)
        case .removed: throw Problem(Camera.Rejection.removed)
        }
    }
}

extension StreamProbe {
    /// - Parameter json: what `footfall-worker probe` prints.
    init(_ json: JSON, of id: CameraID, now: Timestamp) throws {
        guard let isOpen = json["ok"]?.bool else { throw Problem.internalError }
        self.init(cameraID: id, observedAt: try ObservationTime(now, now: now), isOpen: isOpen)
        codec = json["codec"]?.string
        width = json["width"]?.integer
        height = json["height"]?.integer
        fps = try json["fps"]?.number.map { try FramesPerSecond($0) }
        duration = json["duration_ms"]?.integer
        responseTime = try json["response_time_ms"]?.number.map { try Milliseconds($0) }
        reason = json["reason"]?.string
        detail = json["detail"]?.string.flatMap { try? ErrorMessage($0) }  // what a camera says may be no text
    }

    fileprivate var json: JSON {
        isOpen
            ? [
                "ok": true, "codec": codec.map(JSON.string) ?? .null, "width": width.map(JSON.integer) ?? .null,
                "height": height.map(JSON.integer) ?? .null, "fps": fps.map { .number($0.value) } ?? .null,
                "duration_ms": duration.map(JSON.integer) ?? .null,
                "response_time_ms": responseTime.map { .number($0.value) } ?? .null,
            ]
            : [
                "ok": false, "reason": reason.map(JSON.string) ?? .null,
                "detail": detail.map { .string($0.text) } ?? .null,
                "response_time_ms": responseTime.map { .number($0.value) } ?? .null,
            ]
    }
}

/// How many looks are under way.
final class ProbePlaces: Sendable {
    private let free: Mutex<Int>

    init(_ count: Int) { free = Mutex(count) }

    /// - Throws: `Problem` where all places are taken.
    func take<Value>(_ body: () async throws -> Value) async throws -> Value {
        let isFree = free.withLock { free in
            if free == 0 { return false }
            free -= 1
            return true
        }
        guard isFree else { throw Problem.passing(.tooManyProbes, "Streams are being looked at already; try again.") }
        defer { free.withLock { $0 += 1 } }
        return try await body()
    }
}
