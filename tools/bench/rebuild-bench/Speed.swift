import Installation
import Logging
import Postgres
import Projector

/// Rebuilds each read model and makes it by its own SQL in one step, in turn, and compares.
struct Speed {
    let target: ConnectionTarget
    let logger: Logger
    let rounds: Int

    /// Of the rate in one step, a rebuild is to reach this.
    private static let target = 0.5

    func measure(_ definitions: [ProjectionDefinition]) async throws -> [Measurement] {
        let connection = try await Connection.open(target, logger: logger)
        defer { connection.close() }
        let events = try await connection.query("select position from log_head")[0].integer("position")
        for definition in definitions { try await rebuild(definition) }

        var plain: [String: [Duration]] = [:]
        var inMemory: [String: [Duration]] = [:]
        var rebuilds: [String: [Duration]] = [:]
        for _ in 0..<rounds {
            for definition in definitions {
                let name = definition.name
                let step = OneStep(projection: name, connection: connection)
                try await connection.script("reset jit; reset work_mem")
                plain[name, default: []].append(try await step.fill())
                rebuilds[name, default: []].append(try await rebuild(definition))
                // As favourable as can be: nothing spills to disk, nothing is compiled for one use.
                try await connection.script("set jit = off; set work_mem = '1GB'")
                inMemory[name, default: []].append(try await step.fill())
            }
        }
        var measurements: [Measurement] = []
        for definition in definitions {
            let name = definition.name
            var plainly = Measurement(
                "\(name)_one_step",
                "the read model's own SQL over all events in one step, by a session as psql has it; no indexes but keys"
            )
            plainly.timed(plain[name] ?? [], events: events)
            var rebuilt = Measurement(
                "\(name)_rebuild",
                "the rebuild by Footfall: create, fill, index, analyze, swap, drop of the old build")
            rebuilt.timed(rebuilds[name] ?? [], events: events)
            rebuilt.compare(with: plainly, target: Self.target)
            let step = OneStep(projection: name, connection: connection)
            rebuilt.figures = ["differing_rows": Double(try await step.differences())]
            var tuned = Measurement(
                "\(name)_one_step_1gb", "that with 1 GB of work_mem and without JIT: nothing spills to disk")
            tuned.timed(inMemory[name] ?? [], events: events)
            var ofTuned = Measurement("\(name)_rebuild_1gb", "the rebuild compared with that; it has 64 MB")
            ofTuned.timed(rebuilds[name] ?? [], events: events)
            ofTuned.compare(with: tuned, target: Self.target)
            measurements += [plainly, rebuilt, tuned, ofTuned]
        }
        return measurements
    }

    @discardableResult private func rebuild(_ definition: ProjectionDefinition) async throws -> Duration {
        let began = ContinuousClock.now
        try await Rebuild(definition, on: target, logger: logger).run()
        return began.duration(to: .now)
    }
}
