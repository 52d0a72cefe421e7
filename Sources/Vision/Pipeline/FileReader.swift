import Foundation

/// Plays a file to the analysis, on the calling thread.
struct FileReader {
    let settings: PipelineSettings
    let timeouts: CaptureTimeouts
    let meter: Meter
    let stop: StopSignal

    func run(_ look: Look) throws(VisionError) -> Pipeline.Ending {
        let begun = ContinuousClock.now
        let picture = try Picture()
        var capture = try Capture(settings.source, timeouts: timeouts)
        var clock = MediaClock(fps: capture.fps)
        if let announced = capture.announcedFrames { try checkLength(Double(announced) * clock.interval) }
        var schedule: Schedule?
        var frame = -1
        var hasStarted = false
        while !stop.isSet {
            let start = ContinuousClock.now
            guard try capture.grab() else {
                if let error = clock.truncation(announced: capture.announcedFrames) { throw error }
                guard settings.loops, clock.framesOfRun > 0 else { break }
                clock.restart()
                look.analysis.cut()
                capture = try Capture(settings.source, timeouts: timeouts)
                continue
            }
            frame += 1
            let seconds = clock.next(position: capture.position)
            try checkLength(seconds)
            if frame < settings.framesToSkip { continue }
            if let schedule, schedule.isLate(seconds, interval: clock.interval, now: start) {
                meter.dropped()
                continue
            }
            guard try capture.retrieve(into: picture) else { continue }
            let decode = ContinuousClock.now - start
            if !hasStarted {
                hasStarted = true
                look.started(picture, after: .now - begun)
            }
            if schedule == nil, settings.waitsForItsTime(frame) {
                schedule = Schedule(start: .now, origin: seconds, drops: settings.dropsLateFrames)
            }
            if let schedule { stop.wait(until: schedule.due(seconds)) }
            if stop.isSet { break }
            try look.at(picture, frame: frame, seconds: seconds, grabbedAt: Date(), decode: decode)
        }
        if stop.isSet { return .stopped }
        guard frame >= 0 else { throw .cannotOpen }
        let end = clock.next(position: 0)
        look.report(look.analysis.finish(), frame: frame + 1, seconds: end, grabbedAt: Date(), took: .zero)
        look.handler(.ended(after: .microseconds((end * 1e6).rounded())))
        return .ended
    }

    private func checkLength(_ seconds: Double) throws(VisionError) {
        guard let longest = settings.longest, .seconds(seconds) > longest else { return }
        throw .endsAhead(length: .seconds(seconds))
    }
}

/// When the frames of a file are due that is played by its own clock.
struct Schedule: Sendable {
    let start: ContinuousClock.Instant
    /// The file's time, in seconds, that is due at the start.
    let origin: Double
    let drops: Bool

    func due(_ seconds: Double) -> ContinuousClock.Instant {
        start + .seconds(seconds - origin)
    }

    /// Whether a frame is left out since the next one is due already.
    func isLate(_ seconds: Double, interval: Double, now: ContinuousClock.Instant) -> Bool {
        drops && due(seconds + interval) < now
    }
}
