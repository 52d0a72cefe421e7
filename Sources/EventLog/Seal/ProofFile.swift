import EventSourcing

/// Proves, line by line and without a database, that what `ProofExport` wrote is complete and unaltered.
///
/// Every segment's hash is computed anew from its events, and each segment must name the hash of the one before it.
/// Whoever alters a file can compute its hashes anew too: that is told apart only by a hash that was kept elsewhere.
package struct ProofFile {
    package enum Finding: Error, Equatable, CustomStringConvertible {
        case malformed(line: Int)
        case missing(position: Int64)
        /// The events of the segment are not those that were sealed.
        case altered(segment: Int64)
        case chain(segment: Int64)
        /// The hash is not the one that was kept elsewhere; nil where the file does not hold the segment.
        case unexpected(segment: Int64, hash: [UInt8]?)
        case truncated

        package var description: String {
            switch self {
            case .malformed(let line): "line \(line) is not part of an export"
            case .missing(let position): "the event at position \(position) is missing"
            case .altered(let segment): "segment \(segment) holds an event that is not as it was sealed"
            case .chain(let segment): "segment \(segment) does not follow from the one before it"
            case .unexpected(let segment, let hash?):
                "segment \(segment) has the hash \(hash.hexadecimal), not the one that was kept elsewhere"
            case .unexpected(let segment, nil): "the file does not hold segment \(segment)"
            case .truncated: "the end of the file is missing"
            }
        }
    }

    package struct Summary: Equatable, Sendable {
        package let segments: Int64
        package let events: Int64
        /// The positions that it holds; nil where it is empty.
        package let positions: ClosedRange<Int64>?
        package let lastSegment: Int64
        package let lastHash: [UInt8]
    }

    private var anchors: [Int64: [UInt8]]
    private var lines = 0
    private var isEnded = false
    private var segments: Int64 = 0
    private var events: Int64 = 0
    private var first: Int64?
    /// The segment under way or, between two, the last one.
    private var segment: (number: Int64, last: Int64, hash: [UInt8])?
    private var hasher: SegmentHasher?
    private var next: Int64 = 1

    /// - Parameter anchors: hashes of segments that were kept elsewhere, by number.
    package init(anchors: [Int64: [UInt8]] = [:]) { self.anchors = anchors }

    /// Takes up the next line, without its line feed.
    package mutating func take(_ line: some Collection<UInt8>) throws(Finding) {
        lines += 1
        guard let json = try? JSON.parse(line) else { throw .malformed(line: lines) }  // the line says enough
        if lines == 1 {
            guard json["format"]?.string == ProofExport.format else { throw .malformed(line: lines) }
        } else if isEnded {
            throw .malformed(line: lines)
        } else if json["segment"] != nil {
            try closeSegment()
            try openSegment(json)
        } else if json["position"] != nil {
            try add(json)
        } else {
            try closeSegment()
            guard json["segments"]?.integer == segments, json["events"]?.integer == events else {
                throw .malformed(line: lines)
            }
            isEnded = true
        }
    }

    /// To be called after the last line.
    package func finish() throws(Finding) -> Summary {
        guard isEnded else { throw .truncated }
        if let (number, _) = anchors.min(by: { $0.key < $1.key }) { throw .unexpected(segment: number, hash: nil) }
        return Summary(
            segments: segments, events: events, positions: first.map { $0...(next - 1) },
            lastSegment: segment?.number ?? 0, lastHash: segment?.hash ?? SegmentHasher.origin)
    }

    private mutating func openSegment(_ json: JSON) throws(Finding) {
        guard let number = json["segment"]?.integer, let start = json["first_position"]?.integer,
            let last = json["last_position"]?.integer, number > 0, start > 0, last >= start,
            number < .max, last < .max,
            let previous = json["previous_hash"]?.string.flatMap({ [UInt8](hexadecimal: $0) }),
            let hash = json["hash"]?.string.flatMap({ [UInt8](hexadecimal: $0) })
        else { throw .malformed(line: lines) }
        if let segment {
            guard number == segment.number + 1, previous == segment.hash else { throw .chain(segment: number) }
            guard start == next else { throw .missing(position: next) }
        } else {
            guard number > 1 || (previous == SegmentHasher.origin && start == 1) else { throw .chain(segment: number) }
            first = start
        }
        segment = (number, last, hash)
        hasher = SegmentHasher(segment: number, first: start, last: last, previousHash: previous)
        next = start
        segments += 1
    }

    private mutating func add(_ json: JSON) throws(Finding) {
        guard hasher != nil, let segment, let position = json["position"]?.integer,
            let stream = json["stream"]?.string, let version = json["version"]?.integer,
            let type = json["type"]?.string,
            let schemaVersion = json["schema_version"]?.integer.flatMap(Int16.init(exactly:)),
            let recordedAt = json["recorded_at"]?.string.flatMap(Timestamp.init(rfc3339:)),
            let data = json["data"]?.string, let metadata = json["metadata"]?.string
        else { throw .malformed(line: lines) }
        guard position == next else { throw position > next ? .missing(position: next) : .malformed(line: lines) }
        guard position <= segment.last else { throw .altered(segment: segment.number) }
        hasher?.add(
            RecordedEvent(
                position: position, stream: StreamName(stream), version: version, type: type,
                schemaVersion: schemaVersion, data: Array(data.utf8), metadata: Array(metadata.utf8),
                recordedAt: recordedAt))
        next += 1
        events += 1
    }

    private mutating func closeSegment() throws(Finding) {
        guard let hasher, let segment else { return }
        guard next == segment.last + 1 else { throw .missing(position: next) }
        guard hasher.finalize() == segment.hash else { throw .altered(segment: segment.number) }
        if let anchor = anchors.removeValue(forKey: segment.number), anchor != segment.hash {
            throw .unexpected(segment: segment.number, hash: segment.hash)
        }
        self.hasher = nil
    }
}
