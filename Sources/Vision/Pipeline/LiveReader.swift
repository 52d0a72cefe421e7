import Foundation

/// Reads a live stream on a thread of its own, always to its newest frame, and shows to the analysis, on the calling
/// thread, as many frames as that can take.
struct LiveReader {
    let settings: PipelineSettings
    let timeouts: CaptureTimeouts
    let meter: Meter
    let stop: StopSignal

    func run(_ look: Look) throws(VisionError) -> Pipeline.Ending {
        let begun = ContinuousClock.now
        let latest = LatestPicture()
        let thread = Thread { [self] in
            latest.close(Result { () throws(VisionError) in try read(into: latest, since: begun) })
        }
        thread.name = "capture"
        thread.stackSize = 4 << 20
        thread.start()

        var used: Picture?
        do throws(VisionError) {
            while let frame = try latest.take(returning: used) {
                if used == nil { look.started(frame.picture, after: .now - begun) }
                try look.at(
                    frame.picture, frame: frame.number, seconds: frame.seconds, grabbedAt: frame.grabbedAt,
                    decode: frame.decode)
                used = frame.picture
            }
        } catch {
            // Where the analysis failed, the reading thread still has to end.
            stop.set()
            throw error
        }
        return .stopped
    }

    /// Returns when it is time to stop.
    private func read(into latest: LatestPicture, since begun: ContinuousClock.Instant) throws(VisionError) {
        let capture = try Capture(settings.source, timeouts: timeouts)
        var picture = try Picture()
        var number = 0
        while !stop.isSet {
            guard try capture.grab() else { throw .interrupted(afterFrames: number) }
            let grabbed = ContinuousClock.now
            let date = Date()
            guard try capture.retrieve(into: picture) else { continue }
            let frame = LatestPicture.Frame(
                picture: picture, number: number, seconds: (grabbed - begun) / .seconds(1), grabbedAt: date,
                decode: .now - grabbed)
            if try latest.put(frame, nextInto: &picture) { meter.dropped() }
            number += 1
        }
    }
}
