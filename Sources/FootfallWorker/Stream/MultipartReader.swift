import NIOCore

/// Reads along in pictures that come one after another (`multipart/x-mixed-replace`, RFC 2046 section 5.1), and writes them
/// as FFmpeg reads them: with a boundary before the first part, which some cameras leave out, and with the type
/// `image/jpeg`, which some call `image/jpg`. What is not of this form is passed on as it is.
struct MultipartReader: Sendable {
    private enum State {
        case boundary
        case fields(length: Int?)
        case body(left: Int)
        /// A body without a length, which ends with the next boundary.
        case openBody
        /// What comes is not read any more.
        case unread
    }

    private static let longestLine = 1000
    private static let lineEnd = UInt8(ascii: "\n")

    /// As it stands in a line of its own.
    private let boundary: [UInt8]
    private var state = State.boundary
    private var pending = ByteBuffer()

    /// - Parameter contentType: the header's value; nil where it is of another type, or names no boundary.
    init?(contentType: some StringProtocol) {
        guard contentType.lowercased().hasPrefix("multipart/"),
            let named = String(contentType).firstMatch(of: /(?i)boundary[ \t]*=[ \t]*"?([^";]+)/)
        else { return nil }
        let name = named.1.trimmingPrefix("--")
        if name.isEmpty { return nil }
        boundary = Array("--\(name)".utf8)
    }

    mutating func pass(_ bytes: ByteBuffer) -> ByteBuffer {
        pending.writeImmutableBuffer(bytes)
        var passed = ByteBuffer()
        while step(&passed) {}
        pending.discardReadBytes()
        return passed
    }

    /// False where more must come first.
    private mutating func step(_ passed: inout ByteBuffer) -> Bool {
        switch state {
        case .unread:
            passed.writeBuffer(&pending)
            return false
        case .body(let left):
            guard var part = pending.readSlice(length: min(left, pending.readableBytes)), part.readableBytes > 0 else {
                return false
            }
            state = left == part.readableBytes ? .boundary : .body(left: left - part.readableBytes)
            passed.writeBuffer(&part)
            return true
        case .openBody: return passOpenBody(&passed)
        case .boundary:
            guard let line = line(&passed) else { return false }
            if line.starts(with: "--".utf8) {
                state = .fields(length: nil)
            } else if line.first.map({ $0 > 0x20 }) ?? false {
                // The first part's fields, without a boundary.
                passed.writeBytes(boundary + "\r\n".utf8)
                state = .fields(length: nil)
                note(line, &passed)
                return true
            }
            passed.writeBytes(line + [Self.lineEnd])
            return true
        case .fields(let length):
            guard let line = line(&passed) else { return false }
            if line.allSatisfy({ $0 == UInt8(ascii: "\r") }) {
                passed.writeBytes(line + [Self.lineEnd])
                state = length.map { $0 > 0 ? .body(left: $0) : .boundary } ?? .openBody
            } else {
                note(line, &passed)
            }
            return true
        }
    }

    /// A field of a part's head.
    private mutating func note(_ line: [UInt8], _ passed: inout ByteBuffer) {
        let text = String(decoding: line, as: UTF8.self)
        if let given = text.wholeMatch(of: /(?i)content-length:[ \t]*([0-9]+)[ \t\r]*/), let length = Int(given.1) {
            state = .fields(length: length)
        }
        if text.wholeMatch(of: /(?i)content-type:[ \t]*image\/p?jpg[ \t]*(;.*)?\r?/) != nil {
            passed.writeString("Content-Type: image/jpeg\r\n")
        } else {
            passed.writeBytes(line + [Self.lineEnd])
        }
    }

    private mutating func passOpenBody(_ passed: inout ByteBuffer) -> Bool {
        let end = [Self.lineEnd] + boundary
        let view = pending.readableBytesView
        if let found = view.firstRange(of: end) {
            let count = found.lowerBound - view.startIndex + 1
            if var body = pending.readSlice(length: count) { passed.writeBuffer(&body) }
            state = .boundary
            return true
        }
        // The rest may be the beginning of a boundary.
        let count = view.count - end.count + 1
        if count > 0, var body = pending.readSlice(length: count) { passed.writeBuffer(&body) }
        return false
    }

    /// The next line without its end; nil where it is not there whole. Where it is too long for one, all is passed on from
    /// here.
    private mutating func line(_ passed: inout ByteBuffer) -> [UInt8]? {
        let view = pending.readableBytesView
        guard let end = view.prefix(Self.longestLine).firstIndex(of: Self.lineEnd) else {
            if view.count >= Self.longestLine {
                state = .unread
                passed.writeBuffer(&pending)
            }
            return nil
        }
        let line = Array(view[..<end])
        pending.moveReaderIndex(to: end + 1)
        return line
    }
}
