/// Gives each frame of a file its time since the file's start: the container's time stamp where these grow, as
/// they should, from frame to frame; else frame number over frame rate.
///
/// The times grow strictly, also over the file's end where it starts again.
struct MediaClock: Sendable {
    /// Seconds from frame to frame by the frame rate.
    let interval: Double
    /// Seconds at which the current run of the file began.
    private var start = 0.0
    private(set) var framesOfRun = 0
    private var last: Double?

    init(fps: Double?) {
        interval = 1 / (fps ?? 25)
    }

    /// - Parameter position: the container's time stamp in seconds, 0 where it has none.
    mutating func next(position: Double) -> Double {
        let counted = start + Double(framesOfRun) * interval
        let stamped = start + position
        framesOfRun += 1
        let floor = last ?? -interval
        // A stamp more than a second away from the counted time is an edit list or a lie more often than a gap.
        let seconds = stamped > floor && abs(stamped - counted) <= 1 ? stamped : max(counted, floor + interval)
        last = seconds
        return seconds
    }

    /// What is wrong with a file that ended here, having announced a number of frames; nil where it is whole enough.
    /// Compared by time, since some containers announce fields, or an estimate.
    func truncation(announced: Int?) -> VisionError? {
        guard let announced else { return nil }
        let expected = Double(announced) * interval
        let reached = (last ?? start) - start + interval
        return reached < 0.95 * expected - 1 ? .truncated(frames: framesOfRun, announced: announced) : nil
    }

    /// The file starts again.
    mutating func restart() {
        start = last.map { $0 + interval } ?? 0
        framesOfRun = 0
    }
}
