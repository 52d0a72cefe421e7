import EventLog
import EventSourcing
import Foundation
import Postgres
import TestSupport
import Testing

/// Files that are not what was archived.
extension ArchiveTests {
    enum Damage: CaseIterable {
        case missing, empty, truncated, flipped, another, notZstandard, enormousHeader, enormousWindow, extended
        case swollen

        /// A word that the complaint must have.
        var word: String {
            switch self {
            case .missing: "missing"
            case .empty, .truncated: "truncated"
            case .another: "holds segment 2"
            case .notZstandard, .enormousHeader: "not an archived segment"
            case .flipped, .enormousWindow, .extended, .swollen: "damaged"
            }
        }

        func inflict(on file: URL, other: URL) throws {
            var bytes = try Array(Data(contentsOf: file))
            // The header's frame: 8 bytes, and what they say.
            let body = 8 + Int(bytes[4]) + Int(bytes[5]) << 8
            switch self {
            case .missing:
                try FileManager.default.removeItem(at: file)
                return
            case .empty: bytes = []
            case .truncated: bytes.removeLast(5)
            case .flipped: bytes[body + (bytes.count - body) / 2] ^= 0x10
            case .another: bytes = try Array(Data(contentsOf: other))
            case .notZstandard: bytes = Array("position,stream\n1,camera-1\n".utf8)
            case .enormousHeader: bytes.replaceSubrange(4..<8, with: [0xFF, 0xFF, 0xFF, 0x7F])
            case .enormousWindow:
                // A frame header with a window of 2^41 bytes and no content size; RFC 8878, 3.1.1.1.
                bytes.replaceSubrange(body..., with: [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xF8, 0x01, 0x00, 0x00])
            case .extended: bytes += [0]
            case .swollen:
                // A gigabyte of one letter: 8192 blocks of 128 KiB, each a run; RFC 8878, 3.1.1.2.
                var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x38]
                for index in 0..<8192 {
                    let block = UInt32(131_072) << 3 | 1 << 1 | (index == 8191 ? 1 : 0)
                    frame += [UInt8(block & 255), UInt8(block >> 8 & 255), UInt8(block >> 16), UInt8(ascii: "x")]
                }
                bytes.replaceSubrange(body..., with: frame)
            }
            try Data(bytes).write(to: file)
        }
    }

    @Test(arguments: Damage.allCases)
    func aBadFileIsNamedAndNoEventIsSkipped(_ damage: Damage) async throws {
        try await SealFixture.with { log in
            try await log.append(45)
            try await log.seal()
            try await log.archive()
            let files = try log.files()
            try damage.inflict(on: files[2], other: files[1])

            #expect(try await log.log.read(after: 0, limit: 20).count == 20)
            for read in [
                { try await log.log.read(after: 15, limit: 20) }, { try await log.log.read(after: 24, limit: 1) },
                { try await log.log.readAll("s0") },
            ] {
                let error = await #expect(throws: EventLogError.self) { _ = try await read() }
                guard case .storage(let reason)? = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
                #expect(reason.contains("segment 3:"))
                #expect(reason.contains(files[2].path))
                #expect(reason.contains(damage.word), "\(reason)")
            }
            guard case .file(let file)? = try await log.finding() else {
                Issue.record("verification does not name the file")
                return
            }
            #expect(file.segment == 3)
            await #expect(throws: BadSegmentFile.self) { try await log.restore() }
            #expect(try await log.integer("select archived_to from log_head") == 40)
            #expect(try await log.integer("select count(*) from events") == 5)
        }
    }

    @Test func aBadFileKeepsItsPartition() async throws {
        try await SealFixture.with { log in
            try await log.append(45)
            try await log.seal()
            try await log.archive(before: 35)
            try Damage.truncated.inflict(on: try log.files()[2], other: log.folder)
            await #expect(throws: BadSegmentFile.self) { try await log.archive() }
            #expect(try await log.integer("select count(*) from events") == 25)
            #expect(try await log.events().count == 45)
        }
    }

    @Test func aMissingEventIsNotSkippedByReaders() async throws {
        try await SealFixture.with { log in
            try await log.append(12)
            try await log.tamper("delete from events where position = 6")
            #expect(try await log.log.read(after: 0, limit: 10).map(\.position) == Array(1...5))
            await #expect(throws: EventLogError.self) { _ = try await log.log.read(after: 5, limit: 10) }
        }
    }
}
