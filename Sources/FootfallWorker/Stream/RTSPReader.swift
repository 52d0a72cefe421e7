import Counting
import Foundation
import NIOCore

/// Reads along in RTSP over TCP (RFC 2326): answers, requests of the server, and media packets between them
/// (section 10.12). Answers that redirect are stopped, since FFmpeg would connect to wherever they say.
///
/// FFmpeg must see the same messages as this reader. So what is passed on is written again from what was read, and what
/// FFmpeg might cut in another way is not passed on at all: long lines, control characters, lengths that contradict
/// each other, and packets of less than eight bytes, of which FFmpeg skips the head alone.
struct RTSPReader: ServerReader {
    private static let longestLine = 1000
    private static let mostLines = 200
    private static let longestBody = 1 << 20

    private var pending = ByteBuffer()
    private var lines: [String] = []
    private var status: Int?

    mutating func takeStatus() -> Int? {
        defer { status = nil }
        return status
    }

    mutating func pass(_ bytes: ByteBuffer) throws(StreamTrouble) -> ByteBuffer {
        pending.writeImmutableBuffer(bytes)
        var passed = ByteBuffer()
        while true {
            if lines.isEmpty, let first = pending.getInteger(at: pending.readerIndex, as: UInt8.self),
                first == UInt8(ascii: "$")
            {
                guard let length = pending.getInteger(at: pending.readerIndex + 2, as: UInt16.self),
                    var packet = pending.readSlice(length: 4 + Int(length))
                else { break }
                if length >= 8 { passed.writeBuffer(&packet) }
            } else {
                guard try readLine() else { break }
                if lines == [""] {
                    lines = []  // a blank line between messages
                } else if lines.last == "" {
                    guard let message = try message() else {
                        lines.removeLast()
                        pending.moveReaderIndex(to: pending.readerIndex - 1)
                        break
                    }
                    passed.writeImmutableBuffer(message)
                    lines = []
                }
            }
        }
        pending.discardReadBytes()
        return passed
    }

    /// Moves a line from what came to `lines`; false where it is not there whole.
    private mutating func readLine() throws(StreamTrouble) -> Bool {
        let view = pending.readableBytesView
        guard let end = view.prefix(Self.longestLine + 1).firstIndex(of: UInt8(ascii: "\n")) else {
            if view.count > Self.longestLine { throw .noVideo }
            return false
        }
        var line = view[..<end]
        if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
        guard lines.count < Self.mostLines, line.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw .noVideo
        }
        // FFmpeg takes a packet's sign at the start of any line.
        guard lines.isEmpty || line.first != UInt8(ascii: "$") else { throw .noVideo }
        // Paths may hold anything that is text; FFmpeg goes on by those that answers name.
        let text = String(validating: line, as: UTF8.self)
        lines.append(text ?? String(decoding: line.map { $0 < 0x80 ? $0 : UInt8(ascii: "?") }, as: UTF8.self))
        pending.moveReaderIndex(to: end + 1)
        return true
    }

    /// The message whose head is in `lines`, with its body; nil where that is not there whole.
    private mutating func message() throws(StreamTrouble) -> ByteBuffer? {
        func values(_ name: String) -> [String] {
            lines.dropFirst().filter { $0.lowercased().hasPrefix(name + ":") }
                .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
        }
        let lengths = Set(values("content-length"))
        guard lengths.count <= 1, lengths.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else {
            throw .noVideo
        }
        let length = lengths.first.map { Int($0) ?? .max } ?? 0
        guard length <= Self.longestBody else { throw .noVideo }
        // The first line of an answer, or of a request of the server, and of nothing that is almost one.
        if let answer = lines[0].wholeMatch(of: /RTSP\/1\.0 ([0-9]{3})( [ -~]*)?/), let code = Int(answer.1) {
            if (300..<400).contains(code) {
                let target = Self.withoutCredentials(values("location").first ?? "another address")
                throw .redirected(to: StreamAddress.shown(target))
            }
            status = code
        } else if lines[0].wholeMatch(of: /[A-Z_]+ [^ \t]+ RTSP\/1\.0/) == nil {
            throw .noVideo
        }
        guard let body = pending.readSlice(length: length) else { return nil }
        let head = DigestChallenges.answerable(in: lines.filter { !$0.lowercased().hasPrefix("location:") })
        var message = ByteBuffer(string: head.dropLast().map { $0 + "\r\n" }.joined() + "\r\n")
        message.writeImmutableBuffer(body)
        return message
    }

    private static func withoutCredentials(_ url: String) -> String {
        guard let at = url.lastIndex(of: "@"), let slashes = url.range(of: "://"), slashes.upperBound < at else {
            return url
        }
        return String(url[..<slashes.upperBound] + url[url.index(after: at)...])
    }
}
