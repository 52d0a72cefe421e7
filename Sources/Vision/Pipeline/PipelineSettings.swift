/// How one camera's stream is watched.
package struct PipelineSettings: Sendable, Hashable {
    /// How fast a file is played; live streams come as they come.
    package enum Pace: String, Sendable, Hashable {
        /// By its own clock, as if it happened now.
        case realtime
        /// As fast as its frames are processed; none is dropped.
        case fast
    }

    package var source: CaptureSource
    package var lines: [CountingLine]
    package var detector: DetectorChoice
    /// The confidence from which an object may be counted.
    package var confidence = 0.3
    /// The classes that are counted; empty for all. Motion tells no classes apart, and counts all that moves.
    package var classes: Set<DetectedClass> = []
    package var pace: Pace = .realtime
    /// Whether a file starts again at its end, for ever.
    package var loops = false
    /// Whether frames may be left out when processing lags behind a realtime file. Without, it falls behind instead,
    /// and the same file gives the same crossings each time.
    package var dropsLateFrames = true
    /// How many frames at a file's start were counted before, and are passed over.
    package var framesToSkip = 0
    /// How many frames at a file's start were counted before: they are looked at again, so that objects are followed as
    /// they were then, but not waited for.
    package var framesCounted = 0
    /// How long a file can be at most, its end not being in the future; nil where nothing is known of that.
    package var longest: Duration?

    package init(source: CaptureSource, lines: [CountingLine], detector: DetectorChoice) {
        self.source = source
        self.lines = lines
        self.detector = detector
    }

    /// Whether a file's frame waits for its own time. Frames are numbered from 0.
    func waitsForItsTime(_ frame: Int) -> Bool { pace == .realtime && frame >= framesCounted }
}

/// Which detector to use, and with what.
package enum DetectorChoice: Sendable, Hashable {
    case motion
    case people
    case yolo(model: String, inputSize: Int)

    /// The side of YOLO's input where none is set: the smallest at which people of a tenth of the picture's height
    /// were found reliably.
    package static let inputSize = 416

    /// - Parameters:
    ///   - name: "motion", "people" or "yolo"; nil or "auto" for the default: a model where there is one, else motion, which
    ///     counted people and vehicles far better than "people" did, at a twentieth of its cost.
    ///   - model: the path of the model file that "yolo" needs.
    package init(name: String?, model: String?, inputSize: Int? = nil) throws(VisionError) {
        switch (name, model) {
        case ("motion", _), (nil, nil), ("auto", nil): self = .motion
        case ("people", _): self = .people
        case ("yolo", let model?), (nil, let model?), ("auto", let model?):
            self = .yolo(model: model, inputSize: inputSize ?? DetectorChoice.inputSize)
        case ("yolo", nil): throw .noDetector(name: "yolo", reason: "no model file is configured")
        case (let other?, _): throw .noDetector(name: other, reason: "there are motion, people, yolo and auto")
        }
    }

    func detector(threshold: Double) throws(VisionError) -> any Detector {
        switch self {
        case .motion: try MotionDetector(threshold: threshold)
        case .people: try PeopleDetector(threshold: threshold)
        case .yolo(let model, let inputSize):
            try YoloDetector(model: model, inputSize: inputSize, threshold: threshold)
        }
    }
}
