import EventLog
import EventSourcing
import Foundation
import TestSupport
import Testing

/// An export proves itself, wherever it is taken.
@Suite(.timeLimit(.minutes(5))) struct ProofTests {
    /// The lines of an export of 25 events, of which 20 are sealed in two segments.
    private func withExport(
        archiving: Bool = false, _ body: @Sendable (SealFixture, [String]) async throws -> Void
    ) async throws {
        try await SealFixture.with { log in
            try await log.append(25)
            try await log.seal()
            if archiving { try await log.archive() }
            try await body(log, try await export(log))
        }
    }

    private func export(_ log: SealFixture, from: Timestamp? = nil, to: Timestamp? = nil) async throws -> [String] {
        var bytes: [UInt8] = []
        let summary = try await ProofExport(on: log.target, logger: .silent).write(from: from, to: to) { bytes += $0 }
        #expect(summary.unsealed == 5)
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func verify(_ lines: [String], anchors: [Int64: [UInt8]] = [:]) throws -> ProofFile.Summary {
        var proof = ProofFile(anchors: anchors)
        for line in lines { try proof.take(Array(line.utf8)) }
        return try proof.finish()
    }

    private func finding(_ lines: [String], anchors: [Int64: [UInt8]] = [:]) -> ProofFile.Finding? {
        do { _ = try verify(lines, anchors: anchors) } catch { return error as? ProofFile.Finding }
        return nil
    }

    @Test(arguments: [false, true])
    func anExportIsProvedWithoutTheDatabase(archiving: Bool) async throws {
        try await withExport(archiving: archiving) { log, lines in
            let summary = try verify(lines)
            #expect(summary.segments == 2)
            #expect(summary.events == 20)
            #expect(summary.positions == 1...20)
            // The same hash as the log's own verification gives.
            #expect(summary.lastHash == (try await log.verify().lastHash))
            #expect(finding(lines, anchors: [2: summary.lastHash]) == nil)
            let none = [UInt8](repeating: 1, count: 32)
            #expect(finding(lines, anchors: [2: none]) == .unexpected(segment: 2, hash: summary.lastHash))
            #expect(finding(lines, anchors: [3: none]) == .unexpected(segment: 3, hash: nil))
        }
    }

    /// The hash of these events, as other programs than this one compute it: it never changes, whatever the table holds
    /// them in.
    @Test func theHashOfFixedEventsIsFixed() throws {
        let hash = "0b5985d060754ec6a4e1483817957b19094092d887986e2b2c5af0d46295d51a"
        let metadata = StoredMetadata(
            actor: "ana \"\tü", source: "w", sequence: 5, traceID: "t", causationID: "42", clientAddress: "::1",
            correlationID: "c")
        func line(_ position: Int64, _ type: String, _ schemaVersion: Int64, _ data: String, _ metadata: StoredMetadata)
            -> JSON
        {
            [
                "position": .integer(position), "stream": "telemetry-7", "version": .integer(position),
                "type": .string(type), "schema_version": .integer(schemaVersion),
                "recorded_at": "2026-03-28T00:00:00.123456Z", "data": .string(data),
                "metadata": .string(String(decoding: metadata.canonical, as: UTF8.self)),
            ]
        }
        let lines: [JSON] = [
            ["format": "footfall proof 1"],
            [
                "segment": 1, "first_position": 1, "last_position": 2,
                "previous_hash": .string(String(repeating: "0", count: 64)), "hash": .string(hash),
            ],
            line(
                1, "CountReadingRecorded", 1, #"{"line": "door", "class": "person", "count_in": 2}"#, metadata),
            line(2, "HeartbeatRecorded", 3, "{}", StoredMetadata()),
            ["segments": 1, "events": 2],
        ]
        let summary = try verify(lines.map(\.text))
        #expect(summary.lastHash.hexadecimal == hash)
    }

    @Test func everyChangeIsFoundOut() async throws {
        try await withExport { _, lines in
            // 0 format, 1 segment, 2 to 11 events, 12 segment, 13 to 22 events, 23 end
            #expect(lines.count == 24)
            func changed(_ index: Int, _ old: String, _ new: String) throws -> [String] {
                var lines = lines
                try #require(lines[index].contains(old))
                lines[index] = lines[index].replacing(old, with: new)
                return lines
            }
            func without(_ indexes: Int...) -> [String] {
                lines.enumerated().filter { !indexes.contains($0.offset) }.map(\.element)
            }
            #expect(finding(try changed(5, "ana", "ben")) == .altered(segment: 1))
            #expect(finding(try changed(5, #"\"number\": 4"#, #"\"number\": 5"#)) == .altered(segment: 1))
            #expect(finding(try changed(14, "Thing", "Other")) == .altered(segment: 2))
            #expect(finding(without(5)) == .missing(position: 4))
            #expect(finding(without(22)) == .missing(position: 20))
            #expect(finding(without(23)) == .truncated)
            #expect(finding(Array(lines.prefix(12)) + [lines[23]]) == .malformed(line: 13))
            #expect(finding(lines + [lines[5]]) == .malformed(line: 25))
            var swapped = lines
            swapped.swapAt(5, 6)
            #expect(finding(swapped) == .missing(position: 4))
            let hash = try #require(try JSON.parse(lines[1])["hash"]?.string)
            let other = String(hash.reversed())
            #expect(finding(try changed(1, hash, other)) == .altered(segment: 1))
            #expect(finding(try changed(12, hash, other)) == .chain(segment: 2))
            #expect(finding(["{}"]) == .malformed(line: 1))
            #expect(finding([]) == .truncated)
        }
    }

    @Test func aPartHoldsTheSegmentsOfItsTimeWhole() async throws {
        try await withExport { log, _ in
            let events = try await log.events()
            let part = try await export(log, from: events[14].recordedAt)
            let summary = try verify(part)
            #expect(summary.positions == 11...20)
            #expect(try verify(try await export(log, to: events[0].recordedAt)).events == 0)
        }
    }
}
