@testable import TortureWriter

/// An event as the tables hold it after a torture.
struct TorturedEvent: Hashable {
    var position: Int64
    var stream: String
    var version: Int64
    /// Of the append that wrote it, and its place in there, from 1.
    var id: String
    var index: Int64

    /// What a reader keeps of an event that it saw.
    var digest: Int { hashValue }
}

/// What a reader of the log saw: everything after a position.
struct TorturedReader {
    let after: Int64
    /// The last position that it was given.
    var position: Int64
    /// Of the events that it was given, in the order in which it was.
    var digests: [Int] = []

    init(after position: Int64, digests: [Int] = []) {
        after = position
        self.position = position
        self.digests = digests
    }
}

/// Compares what a log holds with what it said while it was tortured.
struct TortureVerdict {
    /// In the order of their positions.
    let events: [TorturedEvent]
    let head: Int64
    let streamVersions: [String: Int64]
    let ledger: [Ledger.Entry]
    let readers: [TorturedReader]

    /// Every promise that was not kept.
    var faults: [String] {
        var faults: [String] = []
        if events.map(\.position) != Array(1...max(1, Int64(events.count))) || head != Int64(events.count) {
            let missing = zip(1..., events).first { $0 != $1.position }?.0 ?? Int64(events.count)
            faults.append("\(events.count) events up to position \(head), out of step at \(missing)")
        }
        let byStream = Dictionary(grouping: events, by: \.stream)
        for (stream, events) in byStream where events.map(\.version) != Array(1...Int64(events.count)) {
            faults.append("the versions of \(stream) are not 1 to \(events.count)")
        }
        for (stream, version) in streamVersions where version != byStream[stream]?.last?.version ?? 0 {
            faults.append("\(stream) is said to have version \(version)")
        }

        let byID = Dictionary(grouping: events, by: \.id)
        for (id, events) in byID where events.map(\.index) != Array(1...Int64(events.count)) {
            faults.append("\(id) stands there more than once, or in part: at \(events.map(\.position))")
        }
        for entry in ledger {
            switch entry {
            case .acknowledged(let id, let positions, let version):
                let events = byID[id] ?? []
                if events.map(\.position) != Array(positions) {
                    faults.append("\(id) was acknowledged at \(positions) and stands at \(events.map(\.position))")
                } else if version > 0, events.last?.version != version {
                    faults.append("\(id) was acknowledged with version \(version)")
                }
            case .denied(let id):
                if let events = byID[id] { faults.append("\(id) was denied and stands at \(events.map(\.position))") }
            case .broken(let what): faults.append(what)
            }
        }
        faults += producerFaults(byID.mapValues { $0[0].position })

        for reader in readers {
            let expected = events.dropFirst(Int(reader.after)).map(\.digest)
            if reader.digests != expected {
                let place = zip(reader.digests, expected).enumerated().first { $1.0 != $1.1 }?.offset
                faults.append(
                    "a reader after \(reader.after) saw \(reader.digests.count) events of \(expected.count), "
                        + "others from position \(reader.after + 1 + Int64(place ?? expected.count))")
            }
        }
        return faults
    }

    /// Each producer's sequences are there from 1 on, in order.
    private func producerFaults(_ firstPositions: [String: Int64]) -> [String] {
        var sequences: [Substring: [(sequence: Int64, position: Int64)]] = [:]
        for (id, position) in firstPositions {
            let parts = id.split(separator: "#")
            guard parts.count == 2, let sequence = Int64(parts[1]) else { continue }
            sequences[parts[0], default: []].append((sequence, position))
        }
        return sequences.compactMap { producer, all in
            let inOrder = all.sorted { $0.position < $1.position }.map(\.sequence)
            return inOrder == Array(1...Int64(all.count))
                ? nil : "the sequences of \(producer) are not 1 to \(all.count)"
        }
    }
}
