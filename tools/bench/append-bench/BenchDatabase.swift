import BenchSupport
import EventLog
import EventSourcing
import Installation
import Postgres

/// A migrated database with the telemetry streams opened, and the log on it as the application sets it up.
struct BenchDatabase {
    let target: ConnectionTarget
    let log: PostgresEventLog
    let connection: Connection
    private let readers: Pool
    private let writer: Pool

    init(named name: String, on server: ConnectionTarget, _ administration: Connection) async throws {
        let logger = BenchCluster.logger
        try await administration.query("create database \(name)")
        var target = server
        target.url += " dbname=\(name)"
        self.target = target
        _ = try await Migrator(folder: ReleaseFiles.locate().migrations).run(on: target, logger: logger)
        connection = try await Connection.open(target, logger: logger)
        readers = Pool(target, size: 4, logger: logger)
        writer = Pool(target, size: 2, logger: logger)
        log = PostgresEventLog(readers: readers, writer: writer)
        _ = try await log.append([
            Append(
                to: "cameras", events: [NewEvent(type: "CamerasRegistered", data: [:])], opens: Telemetry.streams)
        ])
    }

    func close() {
        connection.close()
        readers.close()
        writer.close()
    }
}
