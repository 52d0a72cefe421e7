import NIOCore

/// Reads along with what a camera sends, and decides what of it FFmpeg gets to see.
protocol ServerReader: Sendable {
    /// What to pass on of all that came so far. Throws where the camera sends what must not come through.
    mutating func pass(_ bytes: ByteBuffer) throws(StreamTrouble) -> ByteBuffer

    /// The status of the last answer since the call before.
    mutating func takeStatus() -> Int?
}

/// Passes everything on.
struct PlainReader: ServerReader {
    func pass(_ bytes: ByteBuffer) -> ByteBuffer { bytes }

    func takeStatus() -> Int? { nil }
}

/// Passes everything on, and reads the status of the answer that comes first: `HTTP/1.1 200 OK`.
struct HTTPReader: ServerReader {
    private var beginning: ByteBuffer? = ByteBuffer()
    private var status: Int?

    mutating func pass(_ bytes: ByteBuffer) -> ByteBuffer {
        if var beginning {
            beginning.writeImmutableBuffer(bytes)
            if beginning.readableBytes >= 12 {
                let words = String(buffer: beginning.getSlice(at: beginning.readerIndex, length: 12) ?? beginning)
                    .split(separator: " ")
                if words.count == 2, words[0].hasPrefix("HTTP/") { status = Int(words[1]) }
                self.beginning = nil
            } else {
                self.beginning = beginning
            }
        }
        return bytes
    }

    mutating func takeStatus() -> Int? {
        defer { status = nil }
        return status
    }
}
