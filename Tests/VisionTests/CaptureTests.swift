import Foundation
import Testing

@testable import Vision

@Suite(.offThePool) struct CaptureTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func clip(_ name: String, seconds: Double = 2) throws -> String {
        let path = folder.path(name)
        try SyntheticScene(width: 160, height: 120, seconds: seconds).write(to: path)
        return path
    }

    @Test func aFileIsReadByPathAndByAddress() throws {
        let path = try clip("a b%20c.avi")
        let address = URL(fileURLWithPath: path).absoluteString
        for url in [path, address] {
            let capture = try Capture(CaptureSource(kind: .file, url: url))
            #expect(try capture.grab())
            #expect(capture.fps == 10)
            #expect(capture.announcedFrames == 20)
        }
    }

    @Test(arguments: [
        "http://127.0.0.1/a.mp4", "concat:/a.avi|/b.avi", "subfile,,start,0,end,9,,:/a.avi", "relative.avi",
        "file://otherhost/a.avi", "", "rtsp://127.0.0.1/a",
    ])
    func aFileStreamTakesOnlyFiles(url: String) {
        #expect(throws: VisionError.self) { try CaptureSource(kind: .file, url: url) }
    }

    @Test(arguments: [
        (CaptureSource.Kind.rtsp, "file:///etc/passwd"), (.rtsp, "/etc/passwd"), (.http, "rtsp://a/b"),
        (.http, "concat:http://a"), (.rtmp, "http://a"), (.rtsp, "rtsp:/a"),
    ])
    func otherStreamsTakeOnlyTheirSchemes(kind: CaptureSource.Kind, url: String) {
        #expect(throws: VisionError.self) { try CaptureSource(kind: kind, url: url) }
    }

    /// Text that FFmpeg would follow to other files, were it allowed to.
    @Test(arguments: [
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n%\n#EXT-X-ENDLIST\n"),
        ("list.ffconcat", "ffconcat version 1.0\nfile '%'\n"),
        ("list.txt", "ffconcat version 1.0\nfile %\n"),
    ])
    func playListsOpenNothing(name: String, text: String) throws {
        let target = try clip("target.avi")
        let list = folder.path(name)
        try text.replacing("%", with: target).write(toFile: list, atomically: true, encoding: .utf8)
        #expect(throws: VisionError.cannotOpen) { try Capture(CaptureSource(kind: .file, url: list)) }
    }

    /// A grey frame of any size as JPEG (ISO 10918-1, annex B): two bits for each block of 8 x 8 pixels, all 0.
    private func grey(_ width: Int, _ height: Int) -> [UInt8] {
        func bigEndian(_ number: Int) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }
        func segment(_ marker: UInt8, _ bytes: [UInt8]) -> [UInt8] {
            [0xFF, marker] + bigEndian(bytes.count + 2) + bytes
        }
        // A table with one code, of one bit: it stands for no difference, or for the end of a block.
        func codes(_ table: UInt8) -> [UInt8] { segment(0xC4, [table, 1] + [UInt8](repeating: 0, count: 16)) }
        let frame = [8] + bigEndian(height) + bigEndian(width) + [1, 1, 0x11, 0]
        let blocks = ((width + 7) / 8) * ((height + 7) / 8)
        return [0xFF, 0xD8] + segment(0xDB, [0] + [UInt8](repeating: 1, count: 64)) + segment(0xC0, frame)
            + codes(0) + codes(0x10) + segment(0xDA, [1, 1, 0, 0, 63, 0])
            + [UInt8](repeating: 0, count: (blocks * 2 + 7) / 8) + [0xFF, 0xD9]
    }

    /// Decoded, the last one would take 1.8 GB.
    @Test(arguments: [(2048, 1024, true), (8192, 4320, true), (8200, 4320, false), (16_000, 16_000, false)])
    func framesOfMoreThan8KAreNotDecoded(_ width: Int, _ height: Int, _ isDecoded: Bool) throws {
        let path = folder.path("\(width).mjpeg")
        let frame = grey(width, height)
        try Data(frame + frame + frame).write(to: URL(filePath: path))
        let capture = try Capture(CaptureSource(kind: .file, url: path))
        let picture = try Picture()
        let isGiven = try capture.grab() && capture.retrieve(into: picture)
        #expect(isGiven == isDecoded)
        if isDecoded { #expect((picture.width, picture.height) == (width, height)) }
    }

    @Test func numberedPicturesAreNoVideoFile() throws {
        #expect(throws: VisionError.cannotOpen) {
            try Capture(CaptureSource(kind: .file, url: folder.path("%03d.jpg")))
        }
    }

    @Test func aMissingFileCannotBeOpened() {
        #expect(throws: VisionError.cannotOpen) {
            try Capture(CaptureSource(kind: .file, url: folder.path("missing.avi")))
        }
    }

    @Test func rubbishCannotBeOpened() throws {
        let path = folder.path("rubbish.avi")
        try Data(repeating: 7, count: 10_000).write(to: URL(fileURLWithPath: path))
        #expect(throws: VisionError.cannotOpen) { try Capture(CaptureSource(kind: .file, url: path)) }
    }

    @Test func aCutOffFileIsAnError() async throws {
        let whole = try clip("whole.avi", seconds: 6)
        let data = try Data(contentsOf: URL(fileURLWithPath: whole))
        let path = folder.path("cut.avi")
        try data.prefix(data.count / 2).write(to: URL(fileURLWithPath: path))
        let door = try CountingLine.door()
        await #expect {
            try await play(path, lines: [door])
        } throws: { error in
            guard case VisionError.truncated(let frames, 60) = error else { return false }
            return frames > 20 && frames < 40
        }
    }

    @Test func aCameraThatTakesTheConnectionAndSaysNothingIsGivenUp() throws {
        let listener = try SilentListener()
        let address = try CaptureSource(kind: .rtsp, url: "rtsp://user:secret@127.0.0.1:\(listener.port)/live")
        let timeouts = CaptureTimeouts(open: .milliseconds(700), read: .milliseconds(700))
        #expect(throws: VisionError.cannotOpen) { try Capture(address, timeouts: timeouts) }
        // It was asked, and so given up for its silence alone.
        let request = listener.received
        #expect(request.hasPrefix("OPTIONS rtsp://127.0.0.1:"), "\(request)")
    }

    @Test func mediaTimeGrowsEvenWhereTimeStampsDoNot() {
        var clock = MediaClock(fps: 10)
        let stamps = [0, 0.1, 0.1, 0, 0.45, 90]
        let times = stamps.map { clock.next(position: $0) }
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        #expect(times.first == 0)
        #expect(abs((times.last ?? 0) - 0.55) < 1e-9)
    }

    @Test func mediaTimeGoesOnWhenTheFileStartsAgain() {
        var clock = MediaClock(fps: 10)
        let first = (0..<5).map { clock.next(position: Double($0) / 10) }
        clock.restart()
        let second = (0..<5).map { clock.next(position: Double($0) / 10) }
        #expect(zip(second, first).allSatisfy { abs($0 - $1 - 0.5) < 1e-9 })
    }
}
