import BenchSupport
import Foundation
import Postgres

/// Everything that is measured, in turn.
struct Rounds {
    /// One thing that is measured, and what it must reach.
    enum Kind: String, CaseIterable {
        case hello, camera, list, reading, batch

        var about: String {
            switch self {
            case .hello: "hummingbird's plain hello, in a process of its own"
            case .camera: "GET /cameras/{id}"
            case .list: "GET /cameras?limit=10"
            case .reading: "POST /cameras/{id}/counts with one reading: appended, committed, acknowledged"
            case .batch: "the same with 100 readings"
            }
        }

        /// Of the hello's rate.
        var target: Double? {
            switch self {
            case .hello, .batch: nil
            case .camera: 0.35
            case .list, .reading: 0.25
            }
        }

        var readings: Int { self == .batch ? 100 : self == .reading ? 1 : 0 }
    }

    let load: Load
    let hello: Server
    let footfall: Server
    let client: BenchClient
    let fleet: Fleet
    let database: ConnectionTarget

    private var results: [Kind: [Load.Result]] = [:]
    /// Readings a second that the log takes by itself, in calls of 100.
    private var logRates: [Double] = []
    private var nextSequence = 1
    private var memory: Double = 0

    init(load: Load, hello: Server, footfall: Server, client: BenchClient, fleet: Fleet, database: ConnectionTarget) {
        self.load = load
        self.hello = hello
        self.footfall = footfall
        self.client = client
        self.fleet = fleet
        self.database = database
    }

    /// The first round warms up plans, caches and connections, and does not count.
    mutating func run(_ count: Int) async throws {
        let log = try await BareLog(on: database, logger: BenchCluster.logger)
        defer { log.close() }
        for round in 0...count {
            for kind in Kind.allCases {
                let result = try await run(kind)
                if round > 0 { results[kind, default: []].append(result) }
            }
            let rate = try await log.rate(seconds: load.seconds, callers: load.connections)
            if round > 0 { logRates.append(rate) }
        }
        memory = footfall.memory
    }

    private mutating func run(_ kind: Kind) async throws -> Load.Result {
        if kind == .hello { return try load.run(on: hello.base, ["LOAD": "hello"]) }
        var environment = [
            "LOAD": kind.rawValue, "CAMERAS": String(fleet.count), "FIRST_CAMERA": String(fleet.first),
            "TOKEN": kind.readings > 0 ? client.workerToken : client.token,
        ]
        if kind.readings == 0 { return try load.run(on: footfall.base, environment) }
        environment["FIRST_SEQUENCE"] = String(nextSequence)
        environment["OBSERVED_AT"] = Date().ISO8601Format()
        let before = try await client.head()
        let result = try load.run(on: footfall.base, environment)
        let appended = try await client.head() - before
        // wrk does not count the requests that were under way when its time was up.
        let sent = result.requests * kind.readings
        guard (sent...sent + load.connections * kind.readings).contains(appended) else {
            throw Load.Failure(description: "\(sent) readings were answered, and \(appended) are in the log")
        }
        // wrk has the script make one more request before it begins, and those under way may be appended later.
        nextSequence += sent + (load.connections + 1) * kind.readings
        return result
    }

    private struct Line: Encodable {
        let name: String
        let about: String
        let requestsPerSecond: Int
        let readingsPerSecond: Int?
        let ratio: Double?
        let of: String?
        let target: Double?
        let p50Ms: Double
        let p99Ms: Double
        let rounds: Int
    }

    private struct Log: Encodable {
        let name = "log"
        let about = "the log by itself, called from Swift with as many callers and 100 readings a call"
        let readingsPerSecond: Int
    }

    private struct Resident: Encodable {
        let name = "memory"
        let about = "what footfall keeps resident after it, in megabytes"
        let residentMb: Int
        let target = 200
    }

    func print() async throws {
        let connection = try await Connection.open(database, logger: BenchCluster.logger)
        defer { connection.close() }
        let output = JSONLines(
            machine: Machine(postgresql: try await connection.query("show server_version")[0].text("server_version")))
        let plain = results[.hello, default: []].map(\.rate)
        for kind in Kind.allCases {
            let results = results[kind, default: []]
            let rates = results.map(\.rate)
            let base = kind == .batch ? logRates.map { $0 / 100 } : plain
            try output.print(
                Line(
                    name: kind.rawValue, about: kind.about, requestsPerSecond: Int(rates.median),
                    readingsPerSecond: kind.readings > 0 ? Int(rates.median) * kind.readings : nil,
                    ratio: kind == .hello ? nil : zip(rates, base).map { $0 / $1 }.median,
                    of: kind == .hello ? nil : kind == .batch ? "log" : "hello", target: kind.target,
                    p50Ms: results.map { Double($0.p50Us) / 1000 }.median,
                    p99Ms: results.map { Double($0.p99Us) / 1000 }.median, rounds: results.count))
        }
        try output.print(Log(readingsPerSecond: Int(logRates.median)))
        try output.print(Resident(residentMb: Int(memory)))
    }
}
