import Installation
import Logging
import Postgres
import Projector

/// Whether an event of a long log costs more than one of a short log, with as many events a day in both.
struct Growth {
    private static let density: Int64 = 1_000_000

    let administration: Connection
    let server: ConnectionTarget
    let logger: Logger
    let rounds: Int

    func measure(_ definitions: [ProjectionDefinition]) async throws -> [Measurement] {
        let short = try await log(of: 1_000_000)
        let long = try await log(of: 10_000_000)
        var durations: [String: [Duration]] = [:]
        for round in 0...rounds {
            for definition in definitions {
                for (name, target) in [("1m", short), ("10m", long)] {
                    let began = ContinuousClock.now
                    try await Rebuild(definition, on: target, logger: logger).run()
                    if round == 0 { continue }
                    durations["\(definition.name)_\(name)", default: []].append(began.duration(to: .now))
                }
            }
        }
        return definitions.flatMap { definition in
            var ofShort = Measurement(
                "growth_\(definition.name)_1m", "the rebuild of a log of 1 million events, seconds per million")
            ofShort.timed(durations["\(definition.name)_1m"] ?? [], events: 1_000_000)
            var ofLong = Measurement(
                "growth_\(definition.name)_10m",
                "the same with 10 million events; ratio: time an event there by time an event here, at most 1/1.2 of it"
            )
            ofLong.timed((durations["\(definition.name)_10m"] ?? []).map { $0 / 10 }, events: 1_000_000)
            ofLong.compare(with: ofShort, target: 0.833)
            return [ofShort, ofLong]
        }
    }

    private func log(of events: Int64) async throws -> ConnectionTarget {
        let name = "growth_\(events)"
        try await administration.query("create database \(name)")
        var target = server
        target.url += " dbname=\(name)"
        _ = try await Migrator(folder: ReleaseFiles.locate().migrations).run(on: target, logger: logger)
        let connection = try await Connection.open(target, logger: logger)
        defer { connection.close() }
        try await FilledLog.fill(events: events, density: Self.density, on: connection)
        return target
    }
}
