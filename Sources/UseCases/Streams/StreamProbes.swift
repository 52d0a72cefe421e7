import Counting
import EventSourcing
import Resilience
import Secrets
import StreamPolicy

/// Why nobody looked at a stream.
package enum ProbeFailure: Error, Hashable, Sendable {
    /// This server has nothing to look with.
    case unavailable
    /// What looks did not give an answer that can be read.
    case failed
    /// As many streams are looked at as may be at a time.
    case busy
}

/// Looks at cameras' streams, and records what was found in the camera's telemetry.
///
/// All throw `ProbeFailure`, `Camera.Rejection` where there is no such camera, and what the log and the vault fail by.
package struct StreamProbes: Sendable {
    package static let timeout = Duration.seconds(5)

    package struct Found: Sendable {
        package let probe: StreamProbe
        /// Where it is recorded.
        package let position: Int64
    }

    private let log: any EventLog
    private let secrets: CameraSecrets
    private let prober: StreamProber
    private let now: @Sendable () -> Timestamp
    private let permits = Semaphore(4)

    package init(
        log: any EventLog, vault: CameraVault, prober: StreamProber, now: @escaping @Sendable () -> Timestamp
    ) {
        self.log = log
        self.prober = prober
        self.now = now
        secrets = CameraSecrets(vault: vault)
    }

    /// Looks because somebody asks: few at a time.
    package func lookNow(
        at id: CameraID, timeout: Duration = timeout, metadata: EventMetadata
    ) async throws -> Found {
        guard let permit = permits.take() else { throw ProbeFailure.busy }
        defer { withExtendedLifetime(permit) {} }
        return try await look(at: id, timeout: timeout, metadata: metadata)
    }

    package func look(
        at id: CameraID, timeout: Duration = timeout, metadata: EventMetadata
    ) async throws -> Found {
        let camera = try await CommandHandler<Camera>(log: log).load(id.stream).state.registered
        let address = camera.configuration.address
        let url = try await secrets.url(of: address, of: id)
        let certificate = try await secrets.certificate(of: camera.configuration, of: id)
        let found: JSON
        do throws(StreamProber.Failure) {
            found = try await prober.look(
                .members([
                    "stream_type": .string(address.type.rawValue), "stream_url": .string(url),
                    "timeout_ms": .integer(timeout.wholeMilliseconds),
                    CertificateFingerprint.member: certificate.map { .string($0.hexadecimal) },
                ]))
        } catch {
            throw error == .unavailable ? ProbeFailure.unavailable : ProbeFailure.failed
        }
        var probe = try StreamProbe(found, of: id, now: now())
        probe.url = address.url
        let position = try await log.append(probe.event, toTelemetryOf: id, metadata: metadata)
        return Found(probe: probe, position: position)
    }
}

extension StreamProbe {
    /// - Parameter json: what `footfall-worker probe` prints.
    fileprivate init(_ json: JSON, of id: CameraID, now: Timestamp) throws {
        guard let isOpen = json["ok"]?.bool else { throw ProbeFailure.failed }
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
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
