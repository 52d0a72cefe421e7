/// A Kalman filter for one coordinate that moves at nearly constant velocity.
///
/// The velocity wanders as white noise in continuous time, so that a second of prediction is equally uncertain
/// whether it was made in five steps or in thirty (Bar-Shalom, Li, Kirubarajan: "Estimation with Applications
/// to Tracking and Navigation", 6.2.2).
struct MotionFilter: Sendable {
    private(set) var position: Double
    private(set) var velocity: Double
    /// Covariance of (position, velocity).
    private var positionVariance: Double
    private var covariance: Double
    private var velocityVariance: Double

    init(position: Double, deviation: Double, velocityDeviation: Double) {
        self.position = position
        velocity = 0
        positionVariance = deviation * deviation
        covariance = 0
        velocityVariance = velocityDeviation * velocityDeviation
    }

    /// Moves on by `seconds`; `wander` is the velocity's standard deviation after one second.
    mutating func predict(seconds: Double, wander: Double) {
        let intensity = wander * wander
        position += velocity * seconds
        positionVariance +=
            2 * covariance * seconds + velocityVariance * seconds * seconds
            + intensity * seconds * seconds * seconds / 3
        covariance += velocityVariance * seconds + intensity * seconds * seconds / 2
        velocityVariance += intensity * seconds
    }

    /// The variance of the difference between prediction and measurement.
    func innovationVariance(deviation: Double) -> Double {
        positionVariance + deviation * deviation
    }

    mutating func correct(measured: Double, deviation: Double) {
        let variance = innovationVariance(deviation: deviation)
        let gain = positionVariance / variance
        let velocityGain = covariance / variance
        let difference = measured - position
        position += gain * difference
        velocity += velocityGain * difference
        velocityVariance -= velocityGain * covariance
        covariance *= 1 - gain
        positionVariance *= 1 - gain
    }
}
