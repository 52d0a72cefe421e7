import EventSourcing
import Logging
import StructuredLogging
import Synchronization
import Testing

@Suite struct JSONLogTests {
    private final class Lines: Sendable {
        let bytes = Mutex<[UInt8]>([])
        var all: [String] {
            String(decoding: bytes.withLock(\.self), as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }

    private func makeLogger(to lines: Lines) -> Logger {
        let output = LogOutput { line in lines.bytes.withLock { $0 += line } }
        return Logger(label: "footfall") { label in
            JSONLogHandler(label: label, output: output, now: { Timestamp(microseconds: 1_774_785_600_000_001) })
        }
    }

    @Test func entryIsOneObject() throws {
        let lines = Lines()
        var logger = makeLogger(to: lines)
        logger[metadataKey: "request_id"] = "abc"
        logger.info("request", metadata: ["status": "\(200)", "bytes": .stringConvertible(12), "tags": ["a", "b"]])
        #expect(
            lines.all == [
                #"{"time":"2026-03-29T12:00:00.000001Z","level":"info","logger":"footfall","message":"request","#
                    + #""bytes":12,"request_id":"abc","status":"200","tags":["a","b"]}"#
            ])
    }

    @Test func nothingInAnEntryEndsItsLine() throws {
        let lines = Lines()
        let text = "a\n{\"level\":\"info\"}\r\u{0}\u{1B}[31m\"\\\u{2028}é"
        makeLogger(to: lines).info("\(text)", metadata: ["\(text)": "\(text)"])
        #expect(lines.all.count == 1)
        let entry = try JSON.parse(lines.all[0].replacing("\\u0000", with: "?"))
        #expect(entry["message"]?.string == text.replacing("\u{0}", with: "?"))
    }

    @Test func metadataCannotPassForTheEntryItself() throws {
        let lines = Lines()
        makeLogger(to: lines).info("real", metadata: ["message": "false", "level": "error"])
        let entry = try JSON.parse(lines.all[0])
        #expect(entry["message"] == "real")
        #expect(entry["level"] == "info")
        #expect(entry["_message"] == "false")
    }

    @Test func linesOfSeveralTasksDoNotMix() async throws {
        let lines = Lines()
        let logger = makeLogger(to: lines)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<100 { logger.info("entry", metadata: ["n": "\(task) \(number)"]) }
                }
            }
        }
        #expect(try Set(lines.all.map { try JSON.parse($0)["n"]?.string }).count == 800)
    }
}
