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
