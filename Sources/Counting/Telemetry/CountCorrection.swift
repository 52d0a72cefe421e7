import EventSourcing

/// How much a count is raised or, below 0, lowered, each way.
package struct CountDelta: Hashable, Sendable {
    package static let bounds = -Tally.bounds.upperBound...Tally.bounds.upperBound
    package static let zero = CountDelta(stored: 0, 0)

    package let countIn: Int64
    package let countOut: Int64

    package init(in countIn: Int64, out countOut: Int64) throws(InvalidValue) {
        for count in [countIn, countOut] where !Self.bounds.contains(count) {
            throw InvalidValue(
                .outOfRange, "A delta lies between \(Self.bounds.lowerBound) and \(Self.bounds.upperBound).")
        }
        guard countIn != 0 || countOut != 0 else {
            throw InvalidValue(.outOfRange, "A correction changes something: delta_in and delta_out are not both 0.")
        }
        self.init(stored: countIn, countOut)
    }

    init(stored countIn: Int64, _ countOut: Int64) {
        self.countIn = countIn
        self.countOut = countOut
    }
}

/// An operator's correction of what was counted at a line in one class. What was measured stays beside it.
///
/// It says for each quarter hour what falls to it, as it was allotted when it was decided: what comes in late does not
/// change that.
package struct CountCorrection: Hashable, Sendable {
    /// What falls to one quarter hour.
    package struct Share: Hashable, Sendable {
        /// First instant of the quarter hour.
        package let start: Timestamp
        package let delta: CountDelta
    }

    package let cameraID: CameraID
    package let range: QuarterHours
    /// nil: the whole picture.
    package let line: LineName?
    package let objectClass: ObjectClass
    package let delta: CountDelta
    package let reason: Reason
    /// In order of time; quarter hours to which nothing falls are left out. They add up to `delta`.
    package let shares: [Share]

    package enum Rejection: Error, Hashable, Sendable {
        /// More would be taken off than there is in the whole range.
        case belowZero(totalIn: Int64, totalOut: Int64)
    }

    /// Allots the correction: to the range's quarter hours in proportion to what they have, evenly where they have
    /// nothing; what is left over after whole numbers goes to the largest remainders, the earlier quarter hour first.
    /// So a quarter hour never loses more than it has.
    ///
    /// - Parameter totals: for each quarter hour of the range that has any, what was measured and corrected so far.
    package init(
        cameraID: CameraID, range: QuarterHours, line: LineName?, objectClass: ObjectClass, delta: CountDelta,
        reason: Reason, totals: [Timestamp: (in: Int64, out: Int64)]
    ) throws(Rejection) {
        let starts = range.starts
        let totalsIn = starts.map { totals[$0]?.in ?? 0 }
        let totalsOut = starts.map { totals[$0]?.out ?? 0 }
        guard let sharesIn = Self.allot(delta.countIn, over: totalsIn),
            let sharesOut = Self.allot(delta.countOut, over: totalsOut)
        else {
            throw .belowZero(totalIn: totalsIn.reduce(0, +), totalOut: totalsOut.reduce(0, +))
        }
        self.cameraID = cameraID
        self.range = range
        self.line = line
        self.objectClass = objectClass
        self.delta = delta
        self.reason = reason
        shares = zip(starts, zip(sharesIn, sharesOut)).compactMap { start, counts in
            counts == (0, 0) ? nil : Share(start: start, delta: CountDelta(stored: counts.0, counts.1))
        }
    }

    /// nil where more is taken off than there is.
    private static func allot(_ delta: Int64, over totals: [Int64]) -> [Int64]? {
        let sum = totals.reduce(0, +)
        guard delta >= -sum else { return nil }
        let weights = sum == 0 ? totals.map { _ in 1 } : totals
        let divisor = sum == 0 ? Int64(totals.count) : sum
        let parts = weights.map { divisor.dividingFullWidth($0.multipliedFullWidth(by: Int64(delta.magnitude))) }
        var shares = parts.map(\.quotient)
        let left = Int64(delta.magnitude) - shares.reduce(0, +)
        let largest = parts.indices.sorted { (parts[$1].remainder, $0) < (parts[$0].remainder, $1) }
        for index in largest.prefix(Int(left)) { shares[index] += 1 }
        return delta < 0 ? shares.map { -$0 } : shares
    }
}

extension CountCorrection {
    package static let eventType = EventType.countCorrected.rawValue

    package var event: NewEvent {
        NewEvent(
            .countCorrected,
            // Version 1 always had a line.
            schemaVersion: line == nil ? 2 : 1,
            data: .members([
                "camera_id": .integer(cameraID.number),
                "from": .string(range.from.rfc3339),
                "to": .string(range.to.rfc3339),
                "line": line.json,
                "class": objectClass.json,
                "delta_in": .integer(delta.countIn),
                "delta_out": .integer(delta.countOut),
                "reason": reason.json,
                "buckets": .array(
                    shares.map { share in
                        [
                            "start": .string(share.start.rfc3339),
                            "delta_in": .integer(share.delta.countIn),
                            "delta_out": .integer(share.delta.countOut),
                        ]
                    }),
            ]))
    }

    package init(_ event: RecordedEvent) throws(EventDecodingError) {
        let members = try StoredMembers(event, of: .countCorrected)
        cameraID = try members.required("camera_id", CameraID.init(stored:))
        range = QuarterHours(
            stored: try members.required("from", Timestamp.init(stored:)),
            try members.required("to", Timestamp.init(stored:)))
        line = try members.optionalText("line")
        objectClass = try members.text("class")
        delta = CountDelta(
            stored: try members.required("delta_in", \.integer), try members.required("delta_out", \.integer))
        reason = try members.text("reason")
        shares = try members.required("buckets") { json in
            guard let buckets = json.array else { return nil }
            let shares = buckets.compactMap(Share.init(stored:))
            return shares.count == buckets.count ? shares : nil
        }
    }
}

extension CountCorrection.Share {
    fileprivate init?(stored json: JSON) {
        guard let start = json["start"].flatMap(Timestamp.init(stored:)), let countIn = json["delta_in"]?.integer,
            let countOut = json["delta_out"]?.integer
        else { return nil }
        self.init(start: start, delta: CountDelta(stored: countIn, countOut))
    }
}

extension Timestamp {
    fileprivate init?(stored json: JSON) {
        guard let instant = json.string.flatMap(Timestamp.init(rfc3339:)) else { return nil }
        self = instant
    }
}
