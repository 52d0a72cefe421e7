/// A point relative to the picture's size: (0, 0) is the upper left corner, (1, 1) the lower right. It may lie outside.
package struct ImagePoint: Sendable, Hashable {
    package var x: Double
    package var y: Double

    package init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }
}

/// An upright box in the picture, in the same relative coordinates; `x` and `y` are its upper left corner.
package struct Box: Sendable, Hashable {
    package var x: Double
    package var y: Double
    package var width: Double
    package var height: Double

    package init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    package init(centre: ImagePoint, width: Double, height: Double) {
        self.init(x: centre.x - width / 2, y: centre.y - height / 2, width: width, height: height)
    }

    package var right: Double { x + width }
    package var bottom: Double { y + height }
    package var centre: ImagePoint { ImagePoint(x: x + width / 2, y: y + height / 2) }

    /// Where the object stands: the middle of the lower edge.
    package var foot: ImagePoint { ImagePoint(x: x + width / 2, y: y + height) }

    package var area: Double { max(0, width) * max(0, height) }

    package func intersection(_ other: Box) -> Double {
        let width = min(right, other.right) - max(x, other.x)
        let height = min(bottom, other.bottom) - max(y, other.y)
        return width > 0 && height > 0 ? width * height : 0
    }

    /// The smallest box that holds both.
    package func union(_ other: Box) -> Box {
        let left = min(x, other.x)
        let top = min(y, other.y)
        return Box(
            x: left, y: top, width: max(right, other.right) - left, height: max(bottom, other.bottom) - top)
    }

    /// Intersection over union, 0 to 1.
    package func overlap(_ other: Box) -> Double {
        let shared = intersection(other)
        let union = area + other.area - shared
        return union > 0 ? shared / union : 0
    }

    /// The part of this box that lies in the other one, 0 to 1.
    package func share(in other: Box) -> Double {
        area > 0 ? intersection(other) / area : 0
    }

    /// The part of the box that lies in the picture.
    package var clipped: Box {
        let left = min(max(x, 0), 1)
        let top = min(max(y, 0), 1)
        return Box(
            x: left, y: top, width: max(0, min(right, 1) - left), height: max(0, min(bottom, 1) - top))
    }
}
