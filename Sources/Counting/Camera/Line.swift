import EventSourcing

/// A point of the picture: (0, 0) is its upper left corner, (1, 1) its lower right one.
package struct Point: Hashable, Sendable {
    package let x: Double
    package let y: Double

    package init(x: Double, y: Double) throws(InvalidValue) {
        guard (0...1).contains(x), (0...1).contains(y) else {
            throw InvalidValue(.outOfRange, "A point's coordinates lie between 0 and 1, as parts of the picture.")
        }
        self.x = x
        self.y = y
    }
}

package struct LineName: BoundedText {
    package static let subject = "A line's name"
    package static let lengths = 1...100

    package let text: String
    package init(stored text: String) { self.text = text }
}

/// A line drawn in the picture. What crosses it towards the side of `inside` is counted in, what leaves that side out.
package struct Line: Hashable, Sendable {
    /// The least distance of `inside` from the line, in parts of the picture.
    private static let tolerance = 1e-6

    package let name: LineName
    package let from: Point
    package let to: Point
    package let inside: Point

    package init(name: LineName, from: Point, to: Point, inside: Point) throws(InvalidValue) {
        let length = ((to.x - from.x) * (to.x - from.x) + (to.y - from.y) * (to.y - from.y)).squareRoot()
        guard length > 0 else { throw InvalidValue(.lineWithoutLength, "A line's two ends are different points.") }
        // The cross product is the area that the line and the point span: length times distance.
        let area = (to.x - from.x) * (inside.y - from.y) - (to.y - from.y) * (inside.x - from.x)
        guard abs(area) / length > Self.tolerance else {
            throw InvalidValue(.insideOnLine, "The inside point lies beside the line, to say which side is inside.")
        }
        self.name = name
        self.from = from
        self.to = to
        self.inside = inside
    }
}

/// The lines of one camera: at most 32, each with a name of its own, in the order in which they were given.
package struct Lines: Hashable, Sendable {
    package static let maximumCount = 32
    package static let none = Lines(stored: [])

    package let all: [Line]

    package static func check(count: Int) throws(InvalidValue) {
        guard count <= maximumCount else {
            throw InvalidValue(.tooMany, "A camera has at most \(maximumCount) lines.")
        }
    }

    package init(_ lines: [Line]) throws(InvalidValue) {
        try Self.check(count: lines.count)
        var names: Set<LineName> = []
        for line in lines where !names.insert(line.name).inserted {
            throw InvalidValue(.duplicateName, "Two lines have the name \"\(line.name)\".")
        }
        all = lines
    }

    init(stored lines: [Line]) { all = lines }
}

extension Lines {
    package var json: JSON {
        .array(
            all.map { line in
                [
                    "name": .string(line.name.text), "from": line.from.json, "to": line.to.json,
                    "inside": line.inside.json,
                ]
            })
    }

    init?(stored json: JSON) {
        guard let elements = json.array else { return nil }
        let lines = elements.compactMap(Line.init(stored:))
        guard lines.count == elements.count else { return nil }
        self.init(stored: lines)
    }
}

extension Line {
    fileprivate init?(stored json: JSON) {
        guard let name = json["name"]?.string, let from = Point(stored: json["from"]),
            let to = Point(stored: json["to"]), let inside = Point(stored: json["inside"])
        else { return nil }
        (self.name, self.from, self.to, self.inside) = (LineName(stored: name), from, to, inside)
    }
}

extension Point {
    fileprivate var json: JSON { [.number(x), .number(y)] }

    fileprivate init?(stored json: JSON?) {
        guard let numbers = json?.array, numbers.count == 2, let x = numbers[0].number, let y = numbers[1].number else {
            return nil
        }
        (self.x, self.y) = (x, y)
    }
}
