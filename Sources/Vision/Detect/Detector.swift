/// Finds objects in a frame. Belongs to one thread at a time; frames come in order.
protocol Detector: AnyObject {
    /// What readings name as the model that saw: "motion", "people", or a model file's name.
    var modelVersion: String { get }

    /// The confidence from which an object may be counted; unsurer detections only help to follow those.
    var threshold: Double { get }

    /// Whether it tells what an object is. Where it does not, no choice of classes applies.
    var tellsClasses: Bool { get }

    /// - Parameter seconds: the frame's time, on the same clock for all frames.
    func detect(in picture: Picture, seconds: Double) throws(VisionError) -> [Detection]
}
