import Foundation
import Testing

/// A zone's clocks, read from the file that PostgreSQL reads too (TZif, RFC 8536), and the buckets of its local time by a
/// plain fold over them. Times are seconds since 1970 in UTC.
struct ZoneClock: Sendable {
    enum Unit: String, CaseIterable {
        case hour, day, week

        fileprivate var seconds: Int { self == .hour ? 3600 : self == .day ? 86_400 : 604_800 }
    }

    struct Change: Hashable {
        let at: Int
        let before: Int
        let after: Int
    }

    static let quarter = 900

    /// Where the offset from UTC, in seconds, changes; in order.
    let changes: [Change]
    private let firstOffset: Int

    init(_ name: String) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/\(name)")))
        func integer(_ position: Int, _ length: Int) -> Int {
            let bits = bytes[position..<position + length].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            return length == 8 ? Int(Int64(bitPattern: bits)) : Int(Int32(truncatingIfNeeded: bits))
        }
        try #require(bytes.starts(with: "TZif".utf8) && bytes[4] >= UInt8(ascii: "2"))
        // Counts of a header: UT indicators, standard indicators, leap seconds, transitions, types, characters.
        func counts(_ position: Int) -> [Int] { (0..<6).map { integer(position + 20 + 4 * $0, 4) } }
        let short = counts(0)
        let header = 44 + short[3] * 5 + short[4] * 6 + short[5] + short[2] * 8 + short[1] + short[0]
        let (transitions, first) = (counts(header)[3], header + 44)
        let types = first + transitions * 9
        func offset(ofType index: Int) -> Int { integer(types + 6 * index, 4) }
        firstOffset = offset(ofType: 0)
        var (present, changes) = (firstOffset, [Change]())
        for index in 0..<transitions {
            let next = offset(ofType: Int(bytes[first + transitions * 8 + index]))
            if next != present {
                changes.append(Change(at: integer(first + 8 * index, 8), before: present, after: next))
            }
            present = next
        }
        self.changes = changes
    }

    func offset(at time: Int) -> Int {
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].at <= time { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? firstOffset : changes[low - 1].after
    }

    func local(_ time: Int) -> Int { time + offset(at: time) }

    static func ceilingOfQuarter(_ time: Int) -> Int { -floored(-time, quarter) * quarter }

    static func floored(_ value: Int, _ divisor: Int) -> Int {
        value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
    }

    /// The number of the hour, day or week that the clocks show; weeks begin on Monday.
    func label(_ unit: Unit, at time: Int) -> Int {
        Self.floored(local(time) + (unit == .week ? 3 * 86_400 : 0), unit.seconds)
    }

    /// The first quarter hours of all buckets that begin between two times.
    func starts(_ unit: Unit, from: Int, to: Int) -> [Int] {
        let inner = changes.map(\.at).filter { $0 > from && $0 < to }
        var candidates: Set<Int> = []
        for (begin, end) in zip([from] + inner, inner + [to]) {
            candidates.insert(Self.ceilingOfQuarter(begin))
            // Where the clocks show a full unit, as long as they go evenly.
            let shift = offset(at: begin) + (unit == .week ? 3 * 86_400 : 0)
            var next = (Self.floored(begin + shift, unit.seconds) + 1) * unit.seconds - shift
            while next < end {
                candidates.insert(Self.ceilingOfQuarter(next))
                next += unit.seconds
            }
        }
        return candidates.sorted().filter { time in
            let last = time - Self.quarter
            return label(unit, at: time) != label(unit, at: last)
                || unit == .hour && offset(at: time) != offset(at: last)
        }
    }
}
