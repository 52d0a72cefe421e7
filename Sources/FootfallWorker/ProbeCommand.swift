import ArgumentParser
import EventSourcing
import Foundation
import Settings
import StreamPolicy
import StructuredLogging
import Vision

/// Looks at one stream. The URL, which may hold a password, comes by standard input, where no list of processes shows it:
/// `{"stream_type": "rtsp", "stream_url": "rtsp://…", "timeout_ms": 5000}`.
struct ProbeCommand: AsyncParsableCommand, ConfinedCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Opens one stream, says in a line of JSON what it is, or why it cannot be opened, and ends.")

    @OptionGroup var streams: StreamOptions

    /// One stream of the largest frames takes half of this memory.
    var confinement: Confinement {
        var reader = SettingReader(settingFlags)
        return Confinement(&reader, memory: 3 << 29, oomScore: 900)
    }

    func run() async throws {
        let input = FileHandle.standardInput.readDataToEndOfFile()
        guard let request = try? JSON.parse(input), let url = request["stream_url"]?.string,
            let kind = request["stream_type"]?.string.flatMap(CaptureSource.Kind.init(rawValue:)),
            let milliseconds = request["timeout_ms"]?.integer, (1...60_000).contains(milliseconds)
        else { throw ValidationError("standard input holds no stream_type, stream_url and timeout_ms") }
        var certificate: CertificateFingerprint?
        if let text = request[CertificateFingerprint.member]?.string {
            certificate = CertificateFingerprint(text)
            if certificate == nil {
                throw ValidationError("\(CertificateFingerprint.member) is no SHA-256 in hexadecimal")
            }
        }
        let timeout = Duration.milliseconds(milliseconds)
        var reader = SettingReader(settingFlags)
        let door = StreamDoor(&reader)
        do throws(InvalidSettings) { try reader.check() } catch { throw ValidationError(error.description) }
        let probe = Probe(door: door, certificate: certificate, timeout: timeout)
        // Whatever a library does: nobody waits longer than this.
        let guardian = Thread {
            Thread.sleep(forTimeInterval: timeout / .seconds(1))
            ProbeCommand.say(Probe.failure(.timedOut, after: timeout))
            _exit(0)
        }
        guardian.start()
        Self.say(await probe.look(at: kind, url))
    }

    private static func say(_ answer: JSON) { FileHandle.standardOutput.say(answer.text + "\n") }
}

/// One look at a stream.
struct Probe {
    let door: StreamDoor
    /// The only one that the camera may show; nil for any that is trusted.
    var certificate: CertificateFingerprint?
    let timeout: Duration

    /// What it is: `{"ok": true, "codec": …}`, or `{"ok": false, "reason": …}`.
    func look(at kind: CaptureSource.Kind, _ url: String) async -> JSON {
        let begun = ContinuousClock.now
        do {
            let glance = try await door.open(kind, url, showing: certificate) { [timeout] source in
                try await Glance.at(source, timeouts: CaptureTimeouts(open: timeout, read: timeout))
            }
            return .members([
                "ok": true,
                "codec": glance.codec.map(JSON.string),
                "width": .integer(Int64(glance.width)),
                "height": .integer(Int64(glance.height)),
                "fps": glance.fps.map(JSON.number),
                "duration_ms": glance.duration.map(Self.milliseconds),
                "response_time_ms": Self.milliseconds(.now - begun),
            ])
        } catch {
            let trouble = error as? StreamTrouble ?? (.now - begun < timeout * 0.95 ? .noVideo : .timedOut)
            return Self.failure(trouble, after: .now - begun)
        }
    }

    static func failure(_ trouble: StreamTrouble, after time: Duration) -> JSON {
        .members([
            "ok": false, "reason": .string(trouble.reason), "detail": .string(String("\(trouble)".prefix(500))),
            "response_time_ms": milliseconds(time),
        ])
    }

    private static func milliseconds(_ time: Duration) -> JSON { .integer(Int64(time / .milliseconds(1))) }
}
