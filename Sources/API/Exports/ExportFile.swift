import EventLog
import NIOCore

/// The bytes of a file that is made piece by piece: gathered, and compressed where that is asked for.
struct ExportFile: ~Copyable {
    /// A piece is worth sending when it has this many bytes, before compression.
    private static let pieceSize = 64 << 10
    /// zstd's own default.
    private static let level = 3

    private var gathered: [UInt8] = []
    private var compressor: Compressor?

    init(_ compression: ExportForm.Compression) throws {
        compressor = compression == .zstd ? try Compressor(level: Self.level) : nil
    }

    mutating func add(_ text: [UInt8]) { gathered += text }

    /// What is to be sent now; nil where that is nothing.
    mutating func piece(isLast: Bool) throws -> ByteBuffer? {
        guard isLast || gathered.count >= Self.pieceSize else { return nil }
        defer { gathered.removeAll(keepingCapacity: true) }
        var piece = ByteBuffer()
        if compressor != nil {
            try compressor?.compress(gathered, isLast: isLast) { piece.writeBytes($0) }
        } else {
            piece.writeBytes(gathered)
        }
        return piece.readableBytes == 0 ? nil : piece
    }
}
