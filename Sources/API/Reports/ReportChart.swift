/// Bars for what went in and out in each part of a report, in the coordinates of an SVG picture.
struct ReportChart {
    struct Bar {
        let x: String
        let y: String
        let width: String
        let height: String
    }

    struct Label {
        let x: String
        let y: String
        let text: String
    }

    /// A part without data: the whole column is hatched.
    struct Hole {
        let x: String
        let width: String
    }

    static let width = 720.0
    static let height = 210.0
    private static let (left, right, top, bottom) = (36.0, 4.0, 12.0, 24.0)

    let barsIn: [Bar]
    let barsOut: [Bar]
    let holes: [Hole]
    let ticks: [Label]
    let labels: [Label]

    /// - Parameter labels: of the parts, below them.
    init(_ parts: [Report.Part], labels names: [String]) {
        let counts = parts.map { part in
            part.state == .counted
                ? (in: part.counts["corrected_in"]?.number ?? 0, out: part.counts["corrected_out"]?.number ?? 0)
                : (in: 0, out: 0)
        }
        let step = Self.step(counts.map { max($0.in, $0.out) }.max() ?? 0)
        let highest = step * 4
        let plot = (width: Self.width - Self.left - Self.right, height: Self.height - Self.top - Self.bottom)
        let column = plot.width / Double(max(parts.count, 1))
        let base = Self.top + plot.height
        func bar(_ index: Int, _ value: Double, at offset: Double) -> Bar {
            let height = max(0, value) / highest * plot.height
            return Bar(
                x: Self.text(Self.left + column * (Double(index) + offset)), y: Self.text(base - height),
                width: Self.text(column * 0.36), height: Self.text(height))
        }
        barsIn = counts.indices.map { bar($0, counts[$0].in, at: 0.12) }
        barsOut = counts.indices.map { bar($0, counts[$0].out, at: 0.52) }
        holes = parts.indices.filter { parts[$0].state == .noData }.map {
            Hole(x: Self.text(Self.left + column * Double($0)), width: Self.text(column))
        }
        ticks = (0...4).map { tick in
            Label(
                x: Self.text(Self.left - 6), y: Self.text(base - Double(tick) / 4 * plot.height),
                text: Self.text(step * Double(tick)))
        }
        // Every third hour has room for its name.
        let stride = parts.count > 12 ? 3 : 1
        labels = parts.indices.filter { $0 % stride == 0 && $0 < names.count }.map {
            Label(
                x: Self.text(Self.left + column * (Double($0) + 0.5)), y: Self.text(Self.height - 8), text: names[$0])
        }
    }

    /// A quarter of the axis: 1, 2, 2.5 or 5 times a power of ten, whole, so that four of them hold the highest value.
    private static func step(_ highest: Double) -> Double {
        var power = 1.0
        while true {
            for factor in [1, 2, 2.5, 5] where (factor * power).rounded() == factor * power {
                if factor * power * 4 >= highest { return factor * power }
            }
            power *= 10
        }
    }

    private static func text(_ number: Double) -> String {
        let rounded = (number * 10).rounded() / 10
        return rounded == rounded.rounded() ? String(Int64(rounded)) : String(rounded)
    }
}
