/// Counts tracked objects that go across lines. A pure value: the same tracks give the same crossings.
///
/// An object is on a side once its foot is clearly there: `LineCounter.margin` of its own size beyond the line.
/// It has crossed when it was on one side and then is on the other, and its way cut the line between the line's
/// ends. So jitter on the line counts nothing, nor does an object that comes near and turns back, and one that
/// jumps over the line between two frames counts once.
package struct LineCounter: Sendable {
    /// In units of the object's extent across the line.
    static let margin = 0.2

    /// How far an object must have come from where it first appeared, in units of its size, before it counts: what
    /// only sways or flickers on the line, as leaves do, never gets there.
    static let leastTravel = 0.5

    private let lines: [CountingLine]
    /// For each track, one entry a line, in the order of `lines`.
    private var passages: [Track.ID: [Passage]] = [:]

    package init(lines: [CountingLine]) {
        self.lines = lines
    }

    /// Takes the tracks of one frame, and returns the crossings that became certain in it, by line, then by track.
    package mutating func update(_ tracks: Tracker.Update) -> [Crossing] {
        var crossings: [(line: Int, crossing: Crossing)] = []
        for track in tracks.seen {
            var states = passages[track.id] ?? lines.map { _ in Passage() }
            for (index, line) in lines.enumerated() {
                states[index].move(to: track.box, line: line)
                guard LineCounter.isCountable(track) else { continue }
                for direction in states[index].settled {
                    crossings.append((index, Crossing(line: line, direction: direction, track: track)))
                }
                states[index].settled = []
            }
            passages[track.id] = states
        }
        for track in tracks.ended {
            guard let states = passages.removeValue(forKey: track.id), LineCounter.isCountable(track)
            else { continue }
            for (index, line) in lines.enumerated() {
                if let direction = states[index].unfinished(line: line, track: track) {
                    crossings.append((index, Crossing(line: line, direction: direction, track: track)))
                }
            }
        }
        return crossings.sorted { ($0.line, $0.crossing.track) < ($1.line, $1.crossing.track) }.map(\.crossing)
    }

    private static func isCountable(_ track: Track) -> Bool {
        track.isConfirmed && track.travel >= leastTravel
    }
}

extension Crossing {
    init(line: CountingLine, direction: Direction, track: Track) {
        self.init(
            line: line.name, direction: direction, track: track.id, objectClass: track.objectClass,
            confidence: track.confidence)
    }
}
