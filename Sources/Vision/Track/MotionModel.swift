/// What the tracker assumes about how objects move and how detectors err.
///
/// Lengths are in units of the object's own size (the square root of its box's area) and times in seconds, so
/// that the same numbers hold for near and far objects, for people and vehicles, and for 5 and 30 frames a second.
package struct MotionModel: Sendable, Hashable {
    /// Width over height of the picture: relative coordinates are stretched by it to be the same in both directions.
    package var aspectRatio: Double

    /// Standard deviation of a detected centre.
    package var jitter = 0.08

    /// Standard deviation of the logarithm of a detected width or height.
    package var sizeJitter = 0.25

    /// Standard deviation of the speed of an object that has only just appeared: a walker's is 1.5 to 2, a car's
    /// in a street 3 to 6.
    package var startingSpeed = 3.0

    /// Standard deviation of the change of speed within a second.
    package var wander = 0.6

    /// The squared Mahalanobis distance, over place and size (four degrees of freedom), from which on a detection
    /// is out of reach unless it overlaps with where the object should be, or just was. An object's own detection is
    /// that far away six times in a hundred; wider gates let lost objects jump to others.
    package var gate = 9.0

    /// How much a detection must overlap for that.
    package var gateOverlap = 0.3

    /// Time constant of the smoothing of width and height.
    package var sizeMemory = 0.25

    package var sightingsToConfirm = 3

    /// The part of a detection within another one from which on it may be a second look at the same object.
    package var doubleShare = 0.5

    /// How much such a detection must overlap with the place where an object is expected to be taken for it.
    package var doubleOverlap = 0.5

    /// How long an object is remembered that is not seen.
    package var memory = 1.5

    /// The same, for an object that is not confirmed yet.
    package var tentativeMemory = 0.5

    package init(aspectRatio: Double) {
        self.aspectRatio = aspectRatio
    }

    func scale(width: Double, height: Double) -> Double {
        (max(0, width * aspectRatio * height)).squareRoot()
    }
}
