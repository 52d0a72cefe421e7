import EventLog
import EventSourcing
import Postgres
import TestSupport

/// Writers of every kind, side by side, on streams that they share with those of other workloads.
///
/// Each append carries an id of its own, in every event, and the log's answer to it goes into the ledger.
package struct Workload: Sendable {
    let log: any EventLog
    let ledger: Ledger
    /// Of this life of the workload; ids begin with it.
    let name: String
    /// Of the workload through all its lives; its producers go on where they were.
    let source: String
    let seed: UInt64
    /// The last sequence that each producer knows to be appended.
    let lastSequences: [String: Int64]

    package init(log: any EventLog, ledgerPath: String, source: String, life: Int, seed: UInt64) {
        self.log = log
        self.source = source
        self.seed = seed
        name = "\(source).\(life)"
        var lastSequences: [String: Int64] = [:]
        for case .acknowledged(let id, _, _) in Ledger.entries(path: ledgerPath) {
            let parts = id.split(separator: "#")
            guard parts.count == 2, let sequence = Int64(parts[1]) else { continue }
            lastSequences[String(parts[0])] = max(sequence, lastSequences[String(parts[0])] ?? 0)
        }
        self.lastSequences = lastSequences
        ledger = Ledger(path: ledgerPath)
    }

    /// Writes until its task is cancelled, then to the end of what is under way.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<3 {
                group.addTask { await writeAnyVersion(index) }
                group.addTask { await writeExactVersion(index) }
                group.addTask { await produce(index) }
            }
        }
    }

    private func writeAnyVersion(_ index: Int) async {
        var random = SeededGenerator(seed: seed &+ UInt64(index))
        var count = 0
        while !Task.isCancelled {
            count += 1
            let appends = (0..<Int.random(in: 1...3, using: &random)).map { part in
                append(
                    to: "any-\(Int.random(in: 0..<3, using: &random))", id: "\(name)/any\(index)/\(count).\(part)",
                    events: .random(in: 1...3, using: &random))
            }
            await enter(appends)
            await pause(&random)
        }
    }

    private func writeExactVersion(_ index: Int) async {
        var random = SeededGenerator(seed: seed &+ 100 &+ UInt64(index))
        var count = 0
        var versions: [Int64] = [0, 0]
        while !Task.isCancelled {
            count += 1
            let stream = Int.random(in: 0..<2, using: &random)
            let append = append(
                to: "exact-\(stream)", expecting: .exact(versions[stream]), id: "\(name)/exact\(index)/\(count)",
                events: .random(in: 1...3, using: &random))
            switch await enter([append])?[0] {
            case .appended(let appended): versions[stream] = appended.version
            case .conflict(let actual): versions[stream] = actual
            default: break
            }
            await pause(&random)
        }
    }

    /// Sends what it numbers until it is acknowledged, however often; now and then also what was acknowledged before.
    private func produce(_ index: Int) async {
        let producer = "\(source)-producer\(index)"
        var random = SeededGenerator(seed: seed &+ 200 &+ UInt64(index))
        var last = lastSequences[producer] ?? 0
        while !Task.isCancelled {
            let first = Int.random(in: 0..<10, using: &random) == 0 ? max(1, last - 2) : last + 1
            let sequences = first...(first + Int64.random(in: 0...3, using: &random))
            let appends = sequences.map { sequence in
                append(
                    to: "telemetry-\(index)", producer: ProducerSequence(source: producer, sequence: sequence),
                    id: "\(producer)#\(sequence)", events: 1 + Int(sequence % 3))
            }
            while !Task.isCancelled {
                if await enter(appends) != nil {
                    last = max(last, sequences.upperBound)
                    break
                }
                await pause(&random)
            }
            await pause(&random)
        }
    }

    private func append(
        to stream: String, expecting expected: ExpectedVersion = .any, producer: ProducerSequence? = nil, id: String,
        events count: Int
    ) -> Append {
        let events = (1...count).map { index in
            NewEvent(type: "Written", data: ["id": .string(id), "index": .integer(Int64(index))])
        }
        return Append(to: StreamName(stream), expecting: expected, producer: producer, events: events)
    }

    /// Appends and enters what is certain then. A producer's append is never denied: it is sent again.
    /// - Returns: nil where the log gave no answer.
    @discardableResult
    private func enter(_ appends: [Append]) async -> [AppendOutcome]? {
        do throws(EventLogError) {
            let outcomes = try await log.append(appends)
            for (append, outcome) in zip(appends, outcomes) {
                switch outcome {
                case .appended(let appended):
                    ledger.enter(
                        .acknowledged(id: append.id, positions: appended.positions, version: appended.version))
                case .duplicate(let positions?) where append.producer != nil:
                    ledger.enter(.acknowledged(id: append.id, positions: positions, version: 0))
                case .conflict where append.expected != .any: ledger.enter(.denied(id: append.id))
                case .conflict, .duplicate, .closed, .missing: ledger.enter(.broken("\(append.id) got \(outcome)"))
                }
            }
            return outcomes
        } catch {
            switch error {
            case .unknownOutcome: break
            case .unavailable, .blocked, .overloaded:
                for append in appends where append.producer == nil { ledger.enter(.denied(id: append.id)) }
            case .storage, .invalidAppend, .superseded, .historyChanged: ledger.enter(.broken("\(error)"))
            }
            return nil
        }
    }

    /// Keeps the load at what a small machine bears.
    private func pause(_ random: inout SeededGenerator) async {
        try? await Task.sleep(for: .milliseconds(Int.random(in: 0...40, using: &random)))  // cancellation ends it early
    }
}

extension Append {
    fileprivate var id: String {
        (try? JSON.parse(events[0].data))?["id"]?.string ?? ""
    }
}
