import EventSourcing
import Logging
import StructuredLogging
import Synchronization
import Testing

@Suite struct TextLogTests {
    private func line(_ log: (Logger) -> Void) -> String {
        let line = Mutex("")
        withoutActuallyEscaping(log) { log in
            let output = LogOutput { bytes in line.withLock { $0 += String(decoding: bytes, as: UTF8.self) } }
            var logger = Logger(label: "footfall") { label in
                TextLogHandler(label: label, output: output, now: { Timestamp(microseconds: 1_774_785_600_000_001) })
            }
            logger[metadataKey: "request_id"] = "abc"
            log(logger)
        }
        return line.withLock(\.self)
    }

    @Test func entryIsOneLine() {
        #expect(
            line { $0.info("request", metadata: ["status": "\(200)"]) }
                == "2026-03-29T12:00:00.000001Z info footfall: request_id=abc status=200 [StructuredLoggingTests] request\n"
        )
    }

    @Test(arguments: [
        ("a\nb", #"a\nb"#, #""a\nb""#), ("\r\t", #"\r\t"#, #""\r\t""#),
        ("\u{0}\u{1B}[31m", #"\u0000\u001b[31m"#, #""\u0000\u001b[31m""#), ("\u{7F}", #"\u007f"#, #""\u007f""#),
        ("\u{9B}2J\u{2028}", #"\u009b2J\u2028"#, #""\u009b2J\u2028""#),
        ("a\u{202E}b\u{2066}", #"a\u202eb\u2066"#, #""a\u202eb\u2066""#),
        ("\u{E0001}", #"\udb40\udc01"#, #""\udb40\udc01""#),
        ("Süd-Ausgang/🚪", "Süd-Ausgang/🚪", "Süd-Ausgang/🚪"),
    ])
    func nothingInAnEntryEndsItsLineOrMovesTheCursor(text: String, message: String, value: String) {
        let line = line { $0.error("\(text)", metadata: ["path": "\(text)"]) }
        #expect(line.hasSuffix(" path=\(value) request_id=abc [StructuredLoggingTests] \(message)\n"))
    }

    @Test func aValueIsNoFieldOfItsOwn() {
        let line = line {
            $0.error(
                "refused", metadata: ["actor": #"eve status=200 actor=ana [API] "x"\"#, "path": "a=b", "zone": "ok"])
        }
        #expect(
            line.hasSuffix(
                #" actor="eve status=200 actor=ana [API] \"x\"\\" path="a=b" request_id=abc zone=ok [StructuredLoggingTests] refused"#
                    + "\n"))
    }
}
