extension Verifier {
    /// What is wrong, at the first position where something is.
    package enum Finding: Error, Equatable, CustomStringConvertible {
        /// Segment: nil where it is not sealed.
        case altered(position: Int64, segment: Int64?)
        case removed(position: Int64, segment: Int64?)
        case inserted(position: Int64, segment: Int64?)
        /// The events fit their digests, but not the segment's hash or its place in the chain.
        case seal(segment: Int64, reason: String)
        /// The tree over so many events is not that of the hashes of its leaves.
        case tree(size: Int64, reason: String)
        /// Recorded before the event before it, which the log does not do.
        case time(position: Int64)
        case version(position: Int64, stream: String, expected: Int64, actual: Int64)
        case stream(name: String, recorded: Int64, actual: Int64)
        case file(BadSegmentFile)

        package static func == (left: Finding, right: Finding) -> Bool { left.description == right.description }

        package var description: String {
            switch self {
            case .altered(let position, let segment):
                "the event at position \(position) was altered" + Self.where(segment)
            case .removed(let position, let segment):
                "the event at position \(position) was removed" + Self.where(segment)
            case .inserted(let position, let segment):
                "the event at position \(position) was inserted" + Self.where(segment)
            case .seal(let segment, let reason): "the seal of segment \(segment) was altered: \(reason)"
            case .tree(let size, let reason): "the tree over the first \(size) events was altered: \(reason)"
            case .time(let position): "the event at position \(position) was recorded before the one before it"
            case .version(let position, let stream, let expected, let actual):
                "the event at position \(position) has version \(actual) of stream \(stream), not \(expected): "
                    + "an event of the stream was removed or inserted"
            case .stream(let name, let recorded, let actual):
                "stream \(name) should be at version \(recorded), but its events end at \(actual)"
            case .file(let file): file.description
            }
        }

        private static func `where`(_ segment: Int64?) -> String {
            segment.map { " after segment \($0) was sealed" } ?? ""
        }
    }
}
