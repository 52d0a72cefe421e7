import NIOCore

/// Passes everything on, and reads the head of the answer that comes first. Of an answer that asks for a password FFmpeg
/// gets to see the challenges that it can answer, of pictures one after another the form that it can read.
struct HTTPReader: ServerReader {
    private enum State {
        case head(ByteBuffer)
        case pictures(MultipartReader)
        case rest
    }

    private static let longestHead = 1 << 16

    private var state = State.head(ByteBuffer())
    private var status: Int?

    mutating func takeStatus() -> Int? {
        defer { status = nil }
        return status
    }

    mutating func pass(_ bytes: ByteBuffer) -> ByteBuffer {
        switch state {
        case .rest: return bytes
        case .pictures(var reader):
            let passed = reader.pass(bytes)
            state = .pictures(reader)
            return passed
        case .head(var held):
            held.writeImmutableBuffer(bytes)
            guard let end = Self.end(of: held) else {
                state = .head(held)
                // It may be no head at all.
                guard held.readableBytes > Self.longestHead || !Self.mayBeHead(held) else { return ByteBuffer() }
                state = .rest
                return held
            }
            let head = held.readSlice(length: end) ?? ByteBuffer()
            var passed = self.head(String(buffer: head)) ?? head
            var body = pass(held)
            passed.writeBuffer(&body)
            return passed
        }
    }

    /// What to pass on in place of the head; nil for the head itself.
    private mutating func head(_ text: String) -> ByteBuffer? {
        state = .rest
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: { $0.isNewline })
        let words = (lines.first ?? "").split(separator: " ")
        status = words.count > 1 && words[0].hasPrefix("HTTP/") ? Int(words[1]) : nil
        func value(_ name: String) -> String? {
            lines.dropFirst().first { $0.lowercased().hasPrefix(name + ":") }
                .map { $0.dropFirst(name.count + 1).drop { $0 == " " || $0 == "\t" } }.map(String.init)
        }
        switch status {
        case 401:
            let fields = DigestChallenges.answerable(in: lines.filter { !$0.isEmpty }.map(String.init))
            return ByteBuffer(string: fields.map { $0 + "\r\n" }.joined() + "\r\n")
        case 200:
            // Within chunks nothing is told apart.
            if value("transfer-encoding") == nil, let type = value("content-type"),
                let reader = MultipartReader(contentType: type)
            {
                state = .pictures(reader)
            }
            return nil
        default: return nil
        }
    }

    private static func mayBeHead(_ bytes: ByteBuffer) -> Bool {
        bytes.readableBytesView.starts(with: "HTTP/".utf8.prefix(bytes.readableBytes))
    }

    /// How long the head is, with the blank line at its end; nil where that has not come.
    private static func end(of bytes: ByteBuffer) -> Int? {
        let view = bytes.readableBytesView
        let ends = ["\r\n\r\n", "\n\n"].compactMap { view.firstRange(of: Array($0.utf8))?.upperBound }
        return ends.min().map { $0 - view.startIndex }
    }
}
