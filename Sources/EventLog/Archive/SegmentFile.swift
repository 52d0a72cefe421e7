import EventSourcing
import Foundation

/// Why a segment's file cannot be used.
package struct BadSegmentFile: Error, CustomStringConvertible {
    package enum Reason: Equatable, Sendable {
        case missing
        case unreadable(String)
        case notASegment(String)
        case anotherSegment(String)
        case truncated
        case damaged(String)
    }

    package let path: String
    package let segment: Int64
    package let reason: Reason

    package var description: String {
        let text =
            switch reason {
            case .missing: "is missing"
            case .unreadable(let why): "cannot be read: \(why)"
            case .notASegment(let why): "is not an archived segment: \(why)"
            case .anotherSegment(let which): "holds \(which)"
            case .truncated: "is truncated"
            case .damaged(let how): "is damaged: \(how)"
            }
        return "segment \(segment): the file \(path) \(text)"
    }
}

/// An archived segment: a zstd file of two frames.
///
/// The first frame is one that decompressors skip. It holds a JSON object and a line feed: format ("footfall-segment"),
/// format_version, segment, first_position, last_position, count, previous_hash, hash and columns. The second holds the
/// events as `EventText`. Reading trusts nothing in the file: what it holds is compared with the row in `segments` and
/// must have its hash.
struct SegmentFile {
    /// The frame's number in the first four bytes, little-endian; RFC 8878, 3.1.2.
    private static let skippableMagic: UInt32 = 0x184D_2A50
    private static let maximumHeaderBytes = 65_536
    private static let chunkBytes = 1 << 18

    let segment: Segment
    let path: String

    static func name(of segment: Segment) -> String {
        let number = String(segment.number)
        let padded = String(repeating: "0", count: max(0, 8 - number.count)) + number
        // With its hash in the name, a file of one log never takes the place of another's.
        return "segment-\(padded)-\(segment.hash.hexadecimal.prefix(16)).zst"
    }

    // Writing

    /// Writes the file: under a temporary name first, so that there is either no file of this name or a whole one that
    /// has reached the disk. Blocks.
    /// - Parameter text: the segment's events as `EventText`.
    func write(_ text: [UInt8], level: Int) throws {
        let temporary = path + ".partial"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(.unreadable(SystemCall.reason)) }
        do {
            defer { close(descriptor) }
            try header.withUnsafeBytes { try writeAll($0, to: descriptor) }
            var compressor = try Compressor(level: level)
            try compressor.compress(text, isLast: true) { try writeAll($0, to: descriptor) }
            guard fsync(descriptor) == 0 else { throw failure(.unreadable(SystemCall.reason)) }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else { throw failure(.unreadable(SystemCall.reason)) }
        try syncFolder()
    }

    private var header: [UInt8] {
        let object: JSON = .members([
            "format": "footfall-segment",
            "format_version": 1,
            "segment": .integer(segment.number),
            "first_position": .integer(segment.first),
            "last_position": .integer(segment.last),
            "count": .integer(Int64(segment.count)),
            "previous_hash": .string(segment.previousHash.hexadecimal),
            "hash": .string(segment.hash.hexadecimal),
            "columns": "position, version, recorded_at, schema_version, stream, type, data, metadata",
        ])
        let text = object.bytes + [UInt8(ascii: "\n")]
        var frame: [UInt8] = []
        for number in [Self.skippableMagic, UInt32(text.count)] {
            withUnsafeBytes(of: number.littleEndian) { frame.append(contentsOf: $0) }
        }
        return frame + text
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(.unreadable(SystemCall.reason)) }
            rest = rest.dropFirst(count)
        }
    }

    private func syncFolder() throws {
        let folder = open(URL(filePath: path).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure(.unreadable(SystemCall.reason)) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw failure(.unreadable(SystemCall.reason)) }
    }

    // Reading

    /// All events of the file, whose hash is the segment's. Blocks.
    /// Memory is bounded by `textByteCount`, whatever the file claims.
    func read(textByteCount: Int64) throws -> [RecordedEvent] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw failure(errno == ENOENT ? .missing : .unreadable(SystemCall.reason))
        }
        defer { close(descriptor) }
        try checkHeader(of: descriptor)

        var content = Content(segment: segment)
        var left = textByteCount
        var chunk = [UInt8](repeating: 0, count: Self.chunkBytes)
        do {
            var decompressor = try Decompressor()
            while true {
                let count = try read(into: &chunk, from: descriptor)
                if count == 0 { break }
                try chunk.withUnsafeBytes { bytes in
                    try decompressor.decompress(UnsafeRawBufferPointer(rebasing: bytes[..<count])) { text in
                        left -= Int64(text.count)
                        guard left >= 0 else { throw failure(.damaged("it holds more than it was written with")) }
                        try content.take(text)
                    }
                }
            }
            guard decompressor.isComplete else { throw failure(.truncated) }
            return try content.finish()
        } catch let error as BadSegmentFile {
            throw error
        } catch {
            throw failure(.damaged("\(error)"))
        }
    }

    private func checkHeader(of descriptor: Int32) throws {
        let start = try bytes(8, from: descriptor)
        let numbers = stride(from: 0, to: 8, by: 4).map { offset in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(start[offset + $1]) << (8 * UInt32($1)) }
        }
        guard numbers[0] == Self.skippableMagic else { throw failure(.notASegment("it does not begin like one")) }
        guard numbers[1] <= Self.maximumHeaderBytes else {
            throw failure(.notASegment("it declares a header of \(numbers[1]) bytes"))
        }
        let header: JSON
        do { header = try JSON.parse(try bytes(Int(numbers[1]), from: descriptor)) } catch let error as JSONSyntaxError
        {
            throw failure(.notASegment("its header is not JSON: \(error)"))
        }
        guard header["format"] == "footfall-segment" else { throw failure(.notASegment("its header names no format")) }
        guard header["format_version"] == 1 else {
            throw failure(.notASegment("it has format version \(header["format_version"]?.text ?? "none")"))
        }
        guard header["segment"]?.integer == segment.number, header["first_position"]?.integer == segment.first,
            header["last_position"]?.integer == segment.last, header["hash"]?.string == segment.hash.hexadecimal
        else {
            let number = header["segment"]?.text ?? "?"
            throw failure(.anotherSegment("segment \(number) with the hash \(header["hash"]?.text ?? "?")"))
        }
    }

    private func bytes(_ count: Int, from descriptor: Int32) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var rest = [UInt8](repeating: 0, count: count - bytes.count)
            let read = try read(into: &rest, from: descriptor)
            if read == 0 { throw failure(.truncated) }
            bytes.append(contentsOf: rest[..<read])
        }
        return bytes
    }

    private func read(into buffer: inout [UInt8], from descriptor: Int32) throws -> Int {
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count >= 0 { return count }
            if errno != EINTR { throw failure(.unreadable(SystemCall.reason)) }
        }
    }

    private func failure(_ reason: BadSegmentFile.Reason) -> BadSegmentFile {
        BadSegmentFile(path: path, segment: segment.number, reason: reason)
    }
}

/// What a file's text turns out to hold, as it is read.
private struct Content {
    struct Wrong: Error, CustomStringConvertible {
        let description: String
    }

    let segment: Segment
    private var parser = EventText.Parser()
    private var hasher: SegmentHasher
    private var events: [RecordedEvent] = []
    private var pending: [UInt8] = []

    init(segment: Segment) {
        self.segment = segment
        hasher = SegmentHasher(
            segment: segment.number, first: segment.first, last: segment.last, previousHash: segment.previousHash)
        events.reserveCapacity(min(segment.count, 100_000))
    }

    mutating func take(_ text: UnsafeRawBufferPointer) throws {
        pending.append(contentsOf: text)
        var start = 0
        while let end = pending[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let event = try parser.event(pending[start..<end])
            guard event.position == segment.first + Int64(events.count), event.position <= segment.last else {
                throw Wrong(description: "an event has the position \(event.position)")
            }
            hasher.add(event)
            events.append(event)
            start = end + 1
        }
        pending.removeFirst(start)
    }

    func finish() throws -> [RecordedEvent] {
        guard pending.isEmpty, events.count == segment.count else {
            throw Wrong(description: "it holds \(events.count) of \(segment.count) events")
        }
        guard hasher.finalize() == segment.hash else {
            throw Wrong(description: "its events do not have the hash \(segment.hash.hexadecimal)")
        }
        return events
    }
}

private enum SystemCall {
    /// What the last failed call says.
    static var reason: String { String(cString: strerror(errno)) }
}
