/// Detection, tracking and counting for one stream. Belongs to one thread at a time.
final class SceneAnalysis {
    private let detector: any Detector
    private let classes: Set<DetectedClass>
    private let groups: Set<String>
    private var counter: LineCounter
    private var tracker: Tracker?
    /// Of objects that were followed to where the file started again.
    private var pending: [Crossing] = []

    init(_ settings: PipelineSettings) throws(VisionError) {
        detector = try settings.detector.detector(threshold: settings.confidence)
        classes = detector.tellsClasses ? settings.classes : []
        groups = Set(classes.map(\.group))
        counter = LineCounter(lines: settings.lines)
    }

    var modelVersion: String { detector.modelVersion }

    /// - Parameter seconds: the frame's time, growing from frame to frame.
    func crossings(in picture: Picture, seconds: Double) throws(VisionError) -> [Crossing] {
        var detections = try detector.detect(in: picture, seconds: seconds)
        // Kin stays in until the track's class is settled by majority.
        if !classes.isEmpty { detections.removeAll { !groups.contains($0.objectClass.group) } }
        var current =
            tracker
            ?? Tracker(
                model: MotionModel(aspectRatio: Double(picture.width) / Double(max(1, picture.height))),
                threshold: detector.threshold)
        let update = current.update(detections, seconds: seconds)
        tracker = current
        defer { pending = [] }
        return pending + wanted(counter.update(update))
    }

    /// The stream ends here, or jumps: gives up all tracks.
    func finish() -> [Crossing] {
        guard let update = tracker?.reset() else { return [] }
        return wanted(counter.update(update))
    }

    /// The picture jumps: what was followed until here is reported with the next frame.
    func cut() {
        pending = finish()
    }

    private func wanted(_ crossings: [Crossing]) -> [Crossing] {
        classes.isEmpty ? crossings : crossings.filter { classes.contains($0.objectClass) }
    }
}
