/// How one object stands to one line.
struct Passage: Sendable {
    private enum Side: Sendable {
        case inside, outside
    }

    /// Crossings that are certain but not yet reported.
    var settled: [Crossing.Direction] = []

    /// The side the object was last clearly on, nil while it has only been near the line.
    private var side: Side?
    private var foot: ImagePoint?
    /// Where the foot last cut the endless line, as a part of the line's length.
    private var lastCut: Double?

    mutating func move(to box: Box, line: CountingLine) {
        if let foot, let cut = line.cut(from: foot, to: box.foot) { lastCut = cut }
        foot = box.foot
        let depth = line.depth(of: box)
        // What appears just before the line has no other side to come from: half the margin will do for a start.
        let margin = side == nil ? LineCounter.margin / 2 : LineCounter.margin
        guard abs(depth) >= margin else { return }
        let reached: Side = depth > 0 ? .inside : .outside
        if let side, side != reached, let lastCut, (0...1).contains(lastCut) {
            settled.append(reached == .inside ? .in : .out)
        }
        side = reached
        lastCut = nil
    }

    /// The crossing of an object that is lost just beyond the line, before it was clearly there, and was on its
    /// way further: lines near the picture's edge see little more of it.
    func unfinished(line: CountingLine, track: Track) -> Crossing.Direction? {
        guard let side, let lastCut, (0...1).contains(lastCut) else { return nil }
        let depth = line.depth(of: track.box)
        let reached: Side = depth > 0 ? .inside : .outside
        guard reached != side, abs(depth) >= LineCounter.margin / 4 else { return nil }
        var onward = track.box
        onward.x += track.velocity.x
        onward.y += track.velocity.y
        guard (line.depth(of: onward) - depth) * depth > 0 else { return nil }
        return reached == .inside ? .in : .out
    }
}
