import EventSourcing
import Postgres

/// A batch of appends as the arrays that `append_events` takes; indexes count from 1.
struct AppendCall {
    private struct Producer: Hashable {
        let stream: StreamName
        let source: String
    }

    private let appends: [Append]
    private var streams: [StreamName: Int64] = [:]
    private var streamNames: [StreamName] = []
    private var producers: [Producer: Int64] = [:]
    private var producerStreams: [Int64] = []
    private var producerSources: [String] = []

    init(_ appends: [Append]) {
        self.appends = appends
        streamNames = Set(appends.flatMap { [$0.stream] + $0.opens + $0.closes })
            .sorted { $0.rawValue.utf8.lexicographicallyPrecedes($1.rawValue.utf8) }
        for (index, name) in streamNames.enumerated() { streams[name] = Int64(index + 1) }
        for append in appends {
            guard let source = append.producer?.source else { continue }
            let producer = Producer(stream: append.stream, source: source)
            if producers[producer] != nil { continue }
            producerStreams.append(streamIndex(append.stream))
            producerSources.append(source)
            producers[producer] = Int64(producerSources.count)
        }
    }

    private static let sql = """
        select outcomes, first_positions, versions, recorded_at
        from append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        """

    private static let maximumAttempts = 5

    func run(on writer: Pool) async throws(EventLogError) -> [AppendOutcome] {
        let parameters = parameters
        var attempt = 1
        while true {
            do throws(PostgresError) {
                return try outcomes(try await writer.query(Self.sql, parameters)[0])
            } catch {
                switch error {
                case .server where error.isSafeToRetry && attempt < Self.maximumAttempts: attempt += 1
                case .overloaded: throw .overloaded
                case .unreachable(let reason): throw .unavailable(reason: reason)
                case .connectionLost(let reason): throw .unknownOutcome(reason: reason)
                case .server, .decoding: throw .storage(reason: "\(error)")
                }
            }
        }
    }

    private func streamIndex(_ name: StreamName) -> Int64 { streams[name] ?? 0 }

    private var parameters: [Parameter] {
        let events = appends.enumerated().flatMap { index, append in
            append.events.map { (append: Int64(index + 1), stream: append.stream.rawValue, event: $0) }
        }
        let metadata = appends.flatMap { append in
            [[UInt8]](repeating: append.metadata.json(producer: append.producer).bytes, count: append.events.count)
        }
        let opens = pairs(\.opens)
        let closes = pairs(\.closes)
        return [
            .texts(streamNames.map(\.rawValue)),
            .integers(appends.map { streamIndex($0.stream) }),
            .integers(appends.map(\.expected.code)),
            .integers(appends.map(producerIndex)),
            .integers(appends.map { $0.producer?.sequence ?? 0 }),
            .integers(appends.map { Int64($0.events.count) }),
            .integers(producerStreams),
            .texts(producerSources),
            .integers(opens.map(\.append)), .integers(opens.map(\.stream)),
            .integers(closes.map(\.append)), .integers(closes.map(\.stream)),
            .integers(events.map(\.append)),
            .texts(events.map(\.stream)),
            .texts(events.map(\.event.type)),
            .smallIntegers(events.map(\.event.schemaVersion)),
            .jsonbs(events.map(\.event.data)),
            .jsonbs(metadata),
        ]
    }

    private func producerIndex(_ append: Append) -> Int64 {
        guard let source = append.producer?.source else { return 0 }
        return producers[Producer(stream: append.stream, source: source)] ?? 0
    }

    private func pairs(_ names: (Append) -> [StreamName]) -> [(append: Int64, stream: Int64)] {
        appends.enumerated().flatMap { index, append in
            names(append).map { (Int64(index + 1), streamIndex($0)) }
        }
    }

    private func outcomes(_ row: Row) throws(PostgresError) -> [AppendOutcome] {
        let codes = try row.integers(0).map { $0 ?? 0 }
        let positions = try row.integers(1).map { $0 ?? 0 }
        let versions = try row.integers(2).map { $0 ?? 0 }
        let recordedAt = Timestamp(microseconds: try row.optionalTimestamp(3) ?? 0)
        var outcomes: [AppendOutcome] = []
        outcomes.reserveCapacity(appends.count)
        for (index, append) in appends.enumerated() {
            let positions = positions[index]...(positions[index] + Int64(append.events.count) - 1)
            switch codes[index] {
            case 1:
                outcomes.append(
                    .appended(Appended(positions: positions, version: versions[index], recordedAt: recordedAt)))
            case 2: outcomes.append(.conflict(actual: versions[index]))
            case 3: outcomes.append(.duplicate(positions: positions.lowerBound > 0 ? positions : nil))
            case 4: outcomes.append(.closed)
            case 5: outcomes.append(.missing)
            default: throw .decoding(reason: "append_events answered \(codes[index]), which is no outcome")
            }
        }
        return outcomes
    }
}

extension ExpectedVersion {
    fileprivate var code: Int64 {
        switch self {
        case .any: -2
        case .exists: -1
        case .noStream: 0
        case .exact(let version): version
        }
    }
}
