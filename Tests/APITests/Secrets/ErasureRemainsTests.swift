import EventLog
import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import Postgres

/// What an erased camera leaves on the disk.
@Suite(.enabled(if: Tier.isWhole)) struct ErasureRemainsTests {
    @Test func whatTheKeyProtectedIsInNoTableAndNoFile() async throws {
        let markers = ["marker-user", "marker-pass", "marker-config", "marker-face"]
        let archive = FileManager.default.temporaryDirectory.appending(path: "footfall-erased-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: archive) }  // a folder in /tmp may stay
        try await withAPI(projecting: false) { api in
            let target = try #require(api.target)
            let connection = try await Connection.open(target, logger: .silent)
            defer { connection.close() }
            try await makeSmallSegments(5, partition: 10, on: connection)
            let body = SecretTests.camera(
                "marker-user:marker-pass",
                #","security_config":{"k":"marker-config"},"settings":{"keep_frame_data":true}"#
            )
            try await api.register(body)
            let counted = try await api.post(
                "/cameras/1/counts", #"{\#(TelemetryTests.reading),"frame_data":{"k":"marker-face"}}"#)
            #expect(counted["frame_data"] == "kept")
            let position = try #require(counted.position)
            #expect(try await api.get("/cameras/1/frames/\(position)").status == 200)
            for _ in 0..<20 { _ = try await api.post("/cameras/1/counts", "{\(TelemetryTests.reading)}") }
            try await Sealer(on: target, logger: .silent).sealAll()
            try await Archiver(on: target, logger: .silent).archive(before: .position(11), to: archive, level: 3)
            let wrapped = try await #require(api.pool).query("select wrapped from camera_keys")[0].bytes(0)
            let erased = try await api.delete("/cameras/1?erase=true", ifMatch: "*")
            #expect(erased.status == 204)
            try await api.get("/cameras/1/frames/\(position)").expectProblem(410, "camera_erased")

            let history = try await api.get("/cameras/1/history")
            #expect(
                history["items"]?.array?.map { $0["type"] } == ["CameraErased", "CameraRemoved", "CameraRegistered"])
            let summary = try await Verifier(on: target, logger: .silent).run()
            #expect(summary.archivedTo == 10)
            #expect(summary.events == 24)
            let events = try await api.log.read(after: 0, limit: 100)
            for marker in markers {
                #expect(!events.contains { String(decoding: $0.data, as: UTF8.self).contains(marker) })
            }
            // Everything that is on its way to the disk.
            try await connection.script("checkpoint")
            let folder = try await connection.query("select current_setting('data_directory')")[0].text(0)
            let database = try await connection.query(
                "select oid::text from pg_database where datname = current_database()")[0].text(0)
            let files = [folder + "/base/" + database, folder + "/pg_wal", folder + "/server.log", archive.path]
            #expect(try !grep("10.0.0.5/s", files).isEmpty)
            for marker in markers { #expect(try grep(marker, files).isEmpty, "\(marker)") }
            // Transactions of other tests hold back what may be cleared; asked again, the erasure clears again.
            while try await isInFile(wrapped, of: "camera_keys", below: folder, connection) {
                try Task.checkCancellation()
                #expect(try await api.delete("/cameras/1?erase=true", ifMatch: "*").status == 204)
                try await connection.script("checkpoint")
            }
        }
    }

    private func isInFile(
        _ bytes: [UInt8], of table: String, below folder: String, _ connection: Connection
    ) async throws -> Bool {
        let path = try await connection.query("select pg_relation_filepath($1::text::regclass)", [.text(table)])[0]
            .text(0)
        let file = try #require(FileManager.default.contents(atPath: folder + "/" + path))
        return file.range(of: Data(bytes)) != nil
    }

    /// The files below these that hold the text.
    private func grep(_ text: String, _ paths: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["grep", "-srlaF", text] + paths
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let found = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: found, as: UTF8.self)
    }
}
