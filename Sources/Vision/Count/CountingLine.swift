/// A line drawn in the picture. Crossing it towards the side of `inside` counts as in, away from it as out.
package struct CountingLine: Sendable, Hashable {
    package let name: String
    package let from: ImagePoint
    package let to: ImagePoint
    package let inside: ImagePoint

    /// - Throws: `LineError` where the line has no length, or where `inside` lies on it and so marks no side.
    package init(name: String, from: ImagePoint, to: ImagePoint, inside: ImagePoint) throws(LineError) {
        self.name = name
        self.from = from
        self.to = to
        self.inside = inside
        guard from != to else { throw .noLength(line: name) }
        guard offset(of: inside) != 0 else { throw .insideOnLine(line: name) }
    }

    /// Positive on the one side of the endless line through both ends, negative on the other: the cross product
    /// of the line with the way from its start to the point.
    func offset(of point: ImagePoint) -> Double {
        (to.x - from.x) * (point.y - from.y) - (to.y - from.y) * (point.x - from.x)
    }

    /// How far the box's foot is inside (positive) or outside (negative), in units of the box's own extent
    /// across the line. Free of the picture's size and shape, and of the object's distance from the camera.
    func depth(of box: Box) -> Double {
        let extent = abs(to.y - from.y) * box.width + abs(to.x - from.x) * box.height
        guard extent > 0 else { return 0 }
        return offset(of: box.foot) / extent * (offset(of: inside) > 0 ? 1 : -1)
    }

    /// Where the way from one point to another cuts the endless line: 0 at `from`, 1 at `to`; outside of 0...1
    /// beyond the ends. Nil where the way does not cut it.
    func cut(from start: ImagePoint, to end: ImagePoint) -> Double? {
        let before = offset(of: start)
        let after = offset(of: end)
        guard before != after, (before <= 0) != (after <= 0) else { return nil }
        let part = before / (before - after)
        let x = start.x + part * (end.x - start.x)
        let y = start.y + part * (end.y - start.y)
        let length = (to.x - from.x) * (to.x - from.x) + (to.y - from.y) * (to.y - from.y)
        return ((x - from.x) * (to.x - from.x) + (y - from.y) * (to.y - from.y)) / length
    }
}

package enum LineError: Error, Sendable, Hashable {
    case noLength(line: String)
    case insideOnLine(line: String)
}
