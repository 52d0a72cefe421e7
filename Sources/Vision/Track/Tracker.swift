/// Follows objects from frame to frame. A pure value: the same detections give the same tracks.
///
/// Detections are given away in three rounds, as in ByteTrack (Zhang et al., 2022): the sure ones to the confirmed
/// tracks; the unsure ones to confirmed tracks that went away empty, so that half-hidden objects keep their track;
/// the remaining sure ones to tracks that are not confirmed yet. What then remains of the sure ones starts tracks.
package struct Tracker: Sendable {
    package struct Update: Sendable {
        /// The tracks that were seen in this frame, by id.
        package var seen: [Track] = []
        /// The tracks that were given up, by id.
        package var ended: [Track] = []
    }

    private struct Candidate {
        var detection: Detection
        /// Lies within a sure detection of its group, so may be a second look at that object, as of its upper half.
        /// It can carry on an object that was right there, but neither brings one back nor starts one.
        var isDouble: Bool
    }

    package private(set) var tracks: [Track] = []

    private let model: MotionModel
    private let threshold: Double
    private var lastID = 0
    private var lastUpdate = -Double.infinity

    /// - Parameter threshold: the confidence from which a detection may start a track.
    package init(model: MotionModel, threshold: Double) {
        self.model = model
        self.threshold = threshold
    }

    /// - Parameter seconds: media time, not before that of the update before.
    package mutating func update(_ detections: [Detection], seconds: Double) -> Update {
        for index in tracks.indices { tracks[index].predict(to: seconds) }
        let all = candidates(detections)
        var sure = all.filter { $0.detection.confidence >= threshold }
        var unsure = all.filter { $0.detection.confidence < threshold }

        let confirmed = tracks.indices.filter { tracks[$0].isConfirmed }
        let tentative = tracks.indices.filter { !tracks[$0].isConfirmed }
        let left = associate(confirmed, with: &sure, at: seconds)
        _ = associate(left, with: &unsure, at: seconds)
        _ = associate(tentative, with: &sure, at: seconds)
        for candidate in sure where !candidate.isDouble { start(candidate.detection, at: seconds) }
        lastUpdate = seconds
        return sweep(at: seconds)
    }

    /// Gives up all tracks, as where the picture jumps; ids go on counting.
    package mutating func reset() -> Update {
        defer { tracks = [] }
        return Update(seen: [], ended: tracks)
    }

    private func candidates(_ detections: [Detection]) -> [Candidate] {
        detections.indices.map { index in
            let detection = detections[index]
            let isDouble = detections.indices.contains { other in
                let container = detections[other]
                return other != index && container.confidence >= threshold
                    && container.box.area > detection.box.area
                    && container.objectClass.group == detection.objectClass.group
                    && detection.box.share(in: container.box) > model.doubleShare
            }
            return Candidate(detection: detection, isDouble: isDouble)
        }
    }

    /// Pairs tracks with candidates, takes the paired ones out of `candidates`, and returns the tracks that got none.
    private mutating func associate(
        _ indices: [Int], with candidates: inout [Candidate], at seconds: Double
    ) -> [Int] {
        let costs = indices.map { index in
            let track = tracks[index]
            let isInSight = track.lastSeen >= lastUpdate
            return candidates.map { candidate in
                let isFree =
                    !candidate.isDouble
                    || isInSight && track.predicted.overlap(candidate.detection.box) > model.doubleOverlap
                return isFree ? track.cost(of: candidate.detection) : nil
            }
        }
        let assigned = leastCostAssignment(costs, columns: candidates.count, unmatched: model.gate * 2)
        var taken: Set<Int> = []
        var left: [Int] = []
        for (index, column) in zip(indices, assigned) {
            guard let column else {
                left.append(index)
                continue
            }
            tracks[index].see(candidates[column].detection, at: seconds)
            taken.insert(column)
        }
        candidates = candidates.indices.filter { !taken.contains($0) }.map { candidates[$0] }
        return left
    }

    private mutating func start(_ detection: Detection, at seconds: Double) {
        guard detection.box.area > 0 else { return }
        lastID += 1
        tracks.append(Track(id: lastID, detection: detection, seconds: seconds, model: model))
    }

    /// Gives up the tracks that were not seen for too long.
    private mutating func sweep(at seconds: Double) -> Update {
        var update = Update()
        var kept: [Track] = []
        for track in tracks {
            let unseen = seconds - track.lastSeen
            if unseen > (track.isConfirmed ? model.memory : model.tentativeMemory) {
                update.ended.append(track)
            } else {
                kept.append(track)
                if unseen == 0 { update.seen.append(track) }
            }
        }
        tracks = kept
        return update
    }
}
