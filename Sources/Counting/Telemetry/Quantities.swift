/// A measured number within the bounds that it can have.
package protocol Quantity: Hashable, StoredValue {
    /// What the number is, as a message about it begins.
    static var subject: String { get }
    static var bounds: ClosedRange<Double> { get }

    var value: Double { get }

    /// Takes a number out of the log as it is.
    init(stored value: Double)
}

extension Quantity {
    package init(_ value: Double) throws(InvalidValue) {
        guard Self.bounds.contains(value) else {
            let (lowest, highest) = (Self.bounds.lowerBound.shortest, Self.bounds.upperBound.shortest)
            throw InvalidValue(.outOfRange, "\(Self.subject) lies between \(lowest) and \(highest).")
        }
        self.init(stored: value)
    }
}

extension Double {
    fileprivate var shortest: String { Int64(exactly: self).map(String.init) ?? "\(self)" }
}

/// A part of a whole, or a degree of certainty or quality: 0 to 1.
package struct Ratio: Quantity {
    package static let subject = "A ratio"
    package static let bounds = 0.0...1.0

    package let value: Double
    package init(stored value: Double) { self.value = value }
}

package struct Percentage: Quantity {
    package static let subject = "A percentage"
    package static let bounds = 0.0...100.0

    package let value: Double
    package init(stored value: Double) { self.value = value }
}

/// At most a day.
package struct Milliseconds: Quantity {
    package static let subject = "A time in milliseconds"
    package static let bounds = 0.0...86_400_000.0

    package let value: Double
    package init(stored value: Double) { self.value = value }
}

package struct FramesPerSecond: Quantity {
    package static let subject = "A number of frames per second"
    package static let bounds = 0.0...1000.0

    package let value: Double
    package init(stored value: Double) { self.value = value }
}

package struct MegabitsPerSecond: Quantity {
    package static let subject = "A bandwidth in Mbit/s"
    package static let bounds = 0.0...1_000_000.0

    package let value: Double
    package init(stored value: Double) { self.value = value }
}

/// How many were counted in one report: 0 to a million.
package struct Tally: Hashable, Sendable {
    package static let bounds: ClosedRange<Int64> = 0...1_000_000

    package let count: Int64

    package init(_ count: Int64) throws(InvalidValue) {
        guard Self.bounds.contains(count) else {
            throw InvalidValue(.outOfRange, "A count lies between 0 and \(Self.bounds.upperBound).")
        }
        self.count = count
    }

    init(stored count: Int64) { self.count = count }
}
