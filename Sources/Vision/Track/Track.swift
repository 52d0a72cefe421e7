import Foundation

/// One object followed through the frames.
package struct Track: Sendable, Identifiable {
    /// Counts up from 1 in the order in which objects appear; never used twice by one tracker.
    package let id: Int

    /// Where the object was when it was last seen, smoothed.
    package private(set) var box: Box

    /// Whether it was seen often enough to be taken for real.
    package private(set) var isConfirmed = false

    /// When it was last seen, in seconds of media time.
    package private(set) var lastSeen: Double

    /// How far it got from where it was first seen, in units of its size.
    package private(set) var travel = 0.0

    private(set) var sightings = 1
    private let birthplace: ImagePoint
    private var now: Double
    private var horizontal: MotionFilter
    private var vertical: MotionFilter
    private var width: Double
    private var height: Double
    private var confidenceSum: Double
    private var votes: [DetectedClass: Double]
    private let model: MotionModel

    init(id: Int, detection: Detection, seconds: Double, model: MotionModel) {
        self.id = id
        self.model = model
        box = detection.box
        birthplace = detection.box.centre
        lastSeen = seconds
        now = seconds
        width = detection.box.width
        height = detection.box.height
        confidenceSum = detection.confidence
        votes = [detection.objectClass: detection.confidence]
        let scale = model.scale(width: width, height: height)
        let centre = detection.box.centre
        horizontal = MotionFilter(
            position: centre.x * model.aspectRatio, deviation: model.jitter * scale,
            velocityDeviation: model.startingSpeed * scale)
        vertical = MotionFilter(
            position: centre.y, deviation: model.jitter * scale, velocityDeviation: model.startingSpeed * scale)
    }

    /// The class that most of the sightings' confidence went to; the name decides a tie.
    package var objectClass: DetectedClass {
        let best = votes.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }
        return best?.key ?? .object
    }

    /// The mean confidence of its sightings.
    package var confidence: Double { confidenceSum / Double(sightings) }

    var group: String { objectClass.group }

    /// Where the object should be now.
    var predicted: Box {
        Box(
            centre: ImagePoint(x: horizontal.position / model.aspectRatio, y: vertical.position),
            width: width, height: height)
    }

    /// The smoothed velocity in the picture's relative units a second.
    var velocity: ImagePoint { ImagePoint(x: horizontal.velocity / model.aspectRatio, y: vertical.velocity) }

    mutating func predict(to seconds: Double) {
        let elapsed = seconds - now
        guard elapsed > 0 else { return }
        now = seconds
        let wander = model.wander * model.scale(width: width, height: height)
        horizontal.predict(seconds: elapsed, wander: wander)
        vertical.predict(seconds: elapsed, wander: wander)
    }

    /// How badly the detection fits, as twice its negative log-likelihood in units of the object's size, so that
    /// of two tracks near a detection the one that expected it there wins. Nil where it cannot be this object.
    func cost(of detection: Detection) -> Double? {
        guard detection.objectClass.group == group else { return nil }
        let box = detection.box
        let scale = model.scale(width: width, height: height)
        guard scale > 0 else { return nil }
        let x = box.centre.x * model.aspectRatio - horizontal.position
        let y = box.centre.y - vertical.position
        let deviation = model.jitter * scale
        let horizontalVariance = horizontal.innovationVariance(deviation: deviation)
        let verticalVariance = vertical.innovationVariance(deviation: deviation)
        let distance = x * x / horizontalVariance + y * y / verticalVariance
        let widening = log(box.width / width) / model.sizeJitter
        let heightening = log(box.height / height) / model.sizeJitter
        let growth = widening * widening + heightening * heightening
        // Who turns on the spot is not where he was going, but still where he was.
        let overlap = max(predicted.overlap(box), self.box.overlap(box))
        guard distance + growth < model.gate || overlap > model.gateOverlap else { return nil }
        let spread = log(horizontalVariance * verticalVariance / (scale * scale * scale * scale))
        return min(distance + growth, model.gate) + spread
    }

    mutating func see(_ detection: Detection, at seconds: Double) {
        let elapsed = seconds - lastSeen
        let scale = model.scale(width: width, height: height)
        let deviation = model.jitter * scale
        horizontal.correct(measured: detection.box.centre.x * model.aspectRatio, deviation: deviation)
        vertical.correct(measured: detection.box.centre.y, deviation: deviation)
        let share = 1 - exp(-elapsed / model.sizeMemory)
        width += share * (detection.box.width - width)
        height += share * (detection.box.height - height)
        sightings += 1
        lastSeen = seconds
        confidenceSum += detection.confidence
        votes[detection.objectClass, default: 0] += detection.confidence
        box = predicted
        let x = (box.centre.x - birthplace.x) * model.aspectRatio
        let y = box.centre.y - birthplace.y
        if scale > 0 { travel = max(travel, (x * x + y * y).squareRoot() / scale) }
        if sightings >= model.sightingsToConfirm { isConfirmed = true }
    }
}
