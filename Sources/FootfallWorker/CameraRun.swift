import EventSourcing
import Foundation
import Logging
import Resilience
import Vision

/// One camera watched from its assignment until it is stopped, has played to its end, or is gone.
struct CameraRun: Sendable {
    enum Ending: Sendable {
        /// A file was played to its end.
        case ended
        /// The worker was told to stop.
        case stopped
        /// The server no longer knows the camera.
        case gone
    }

    let assignment: Assignment
    private let workerID: String
    private let client: ServerClient
    private let model: String?
    private let door: StreamDoor
    private let logger: Logger
    private let outbox: ReadingOutbox
    private let health: CameraHealth
    private let heartbeats: HeartbeatSender
    /// How long the file is, once it was played to its end.
    private let length = PlayedLength()
    private let stopSignal = Latch()

    private static let heartbeatInterval = Duration.seconds(5)
    /// How long a stopped run goes on trying to hand over what it holds.
    private static let flushLimit = Duration.seconds(10)

    /// - Parameter untold: what earlier runs of this worker's cameras could not tell.
    init(
        _ assignment: Assignment, workerID: String, client: ServerClient, model: String?, door: StreamDoor,
        untold: UntoldHeartbeats, logger: Logger
    ) {
        self.assignment = assignment
        self.workerID = workerID
        self.client = client
        self.model = model
        self.door = door
        var logger = logger
        logger[metadataKey: "camera"] = "\(assignment.cameraID)"
        self.logger = logger
        outbox = ReadingOutbox(whenFull: assignment.kind == .file ? .wait : .dropOldest)
        health = CameraHealth(workerID: workerID, traffic: assignment.kind == .file ? nil : StreamTraffic())
        heartbeats = HeartbeatSender(
            client: client, outbox: outbox, health: health, cameraID: assignment.cameraID, untold: untold,
            logger: logger)
    }

    /// Makes `run` end in order: nothing more is counted, and what was counted is handed over.
    func stop() { stopSignal.set() }

    func run() async -> Ending {
        let numbering = ReadingNumbering(assignment, workerID: workerID, now: Timestamp(Date()))
        let ending = await withTaskGroup(of: Ending?.self) { group in
            group.addTask { await send(numbering.series) }
            let ending = await watchUntilStopped(numbering)
            outbox.close()
            // A file that has ended can wait for its server, until the worker is told to stop.
            group.addTask {
                if ending == .ended { await stopSignal.wait() }
                try? await Task.sleep(for: Self.flushLimit)  // cancelled when all is sent
                return nil
            }
            let sent = await group.next() ?? nil
            group.cancelAll()
            return sent ?? ending
        }
        let left = outbox.count
        if ending == .gone { return .gone }
        // What is left of a recording's take is counted by the worker that goes on with it.
        if assignment.take == nil { outbox.note(ReadingLosses(givenUp: left)) }
        health.ends()
        await beat()
        await setStatus("offline")
        if ending == .ended, left == 0 {
            await sayThatItEnded()
            logger.info("stream ended")
        }
        return ending
    }

    /// Tries again until the server knows, or the worker is told to stop.
    private func sayThatItEnded() async {
        let end = assignment.take.map { $0.startedAt + length.value }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var backoff = Backoff()
                while !Task.isCancelled {
                    let told = await client.stop(
                        camera: assignment.cameraID, reason: "end of stream", take: assignment.take?.number,
                        endedAt: end)
                    guard case .failed(_, let pause) = told else { return }
                    try? await Task.sleep(for: pause ?? backoff.next())  // cancellation ends the loop
                }
            }
            group.addTask { await stopSignal.wait() }
            await group.next()
            group.cancelAll()
        }
    }

    private func send(_ series: ReadingSeries) async -> Ending? {
        let sender = ReadingSender(
            client: client, outbox: outbox, series: series, cameraID: assignment.cameraID, logger: logger)
        guard await sender.run() == .gone else { return nil }
        stop()
        return .gone
    }

    /// Watches, with heartbeats beside, until the stream ends, the sender finds the camera gone, or `stop` is called.
    private func watchUntilStopped(_ numbering: ReadingNumbering) async -> Ending {
        await withTaskGroup(of: Ending?.self) { group in
            group.addTask { await watch(numbering) }
            group.addTask {
                await keepBeating()
                return nil
            }
            group.addTask {
                await stopSignal.wait()
                return .stopped
            }
            var ending: Ending?
            while ending == nil, let next = await group.next() { ending = next }
            group.cancelAll()
            return ending ?? .stopped
        }
    }

    /// Opens the stream again and again until it is cancelled or a file has ended.
    private func watch(_ numbering: ReadingNumbering) async -> Ending {
        var backoff = Backoff()
        let numbered = LockedNumbering(numbering)
        var framesCounted = assignment.take.map(ReadingNumbering.framesCounted) ?? 0
        while !Task.isCancelled {
            do {
                let ending = try await door.open(
                    assignment.kind, assignment.url, showing: assignment.certificate, counting: health.traffic
                ) { [framesCounted] source in
                    try await watch(source, countedBefore: framesCounted, numbered)
                }
                return ending == .ended ? .ended : .stopped
            } catch {
                if Task.isCancelled { break }
                if case VisionError.truncated(let frames, _) = error { framesCounted = frames }
                await failed("\(error)")
                try? await Task.sleep(for: backoff.next())  // cancellation ends the loop
            }
        }
        return .stopped
    }

    private func watch(
        _ source: CaptureSource, countedBefore framesCounted: Int, _ numbered: LockedNumbering
    ) async throws -> Pipeline.Ending {
        var settings = try pipelineSettings(source)
        if let take = assignment.take {
            // Every worker that counts it follows objects from its beginning, so that all see the same passages.
            settings.framesCounted = framesCounted
            settings.longest = Timestamp(Date()) - take.startedAt
        } else {
            settings.framesToSkip = framesCounted
        }
        let (starts, started) = AsyncStream.makeStream(of: Void.self)
        let pipeline = Pipeline(settings) { [outbox] event in
            switch event {
            case .started: started.yield()
            case .crossed(let report): outbox.add(numbered.readings(of: report))
            case .ended(let length): self.length.set(length)
            }
        }
        health.watches(pipeline)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in starts { await online() } }
            defer { started.finish() }
            return try await pipeline.run()
        }
    }

    private func pipelineSettings(_ source: CaptureSource) throws -> PipelineSettings {
        let given = assignment.settings
        var settings = PipelineSettings(
            source: source, lines: assignment.lines,
            detector: try DetectorChoice(name: given.detector, model: model))
        if let confidence = given.confidence { settings.confidence = confidence }
        settings.classes = given.classes
        settings.pace = given.pace
        settings.loops = given.loops
        // A recording gives the same readings each time it is played.
        settings.dropsLateFrames = given.startedAt == nil
        return settings
    }

    private func online() async {
        logger.info("watching")
        health.error = nil
        await setStatus("online")
        await beat()
    }

    private func failed(_ reason: String) async {
        logger.warning("stream failed; will be opened again", metadata: ["reason": "\(reason)"])
        health.error = reason
        await setStatus("error", reason: String(reason.prefix(500)))
        await beat()
    }

    private func setStatus(_ status: String, reason: String? = nil) async {
        switch await client.setStatus(status, reason: reason, camera: assignment.cameraID) {
        case .accepted, .gone: break
        case .refused(_, let text), .failed(let text, _):
            logger.notice("status not set", metadata: ["status": "\(status)", "reason": "\(text)"])
        }
    }

    private func keepBeating() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.heartbeatInterval)  // cancellation ends the loop
            if !Task.isCancelled { await beat() }
        }
    }

    private func beat() async { await heartbeats.send() }
}
