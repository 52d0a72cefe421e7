import Hummingbird

/// A body of known length that is handed on piece by piece, each when there is room for it: written at once, all of it
/// would wait in the connection, and over HTTP/2 that of every stream.
struct SlicedBody {
    static let pieceBytes = 32 * 1024

    static func of(_ body: ResponseBody) -> ResponseBody {
        guard let length = body.contentLength, length > pieceBytes else { return body }
        return ResponseBody(contentLength: length) { writer in try await body.write(Writer(writer)) }
    }

    private struct Writer: ResponseBodyWriter {
        private var writer: any ResponseBodyWriter

        init(_ writer: any ResponseBodyWriter) { self.writer = writer }

        mutating func write(_ buffer: ByteBuffer) async throws {
            var rest = buffer
            while let piece = rest.readSlice(length: min(rest.readableBytes, SlicedBody.pieceBytes)),
                piece.readableBytes > 0
            {
                try await writer.write(piece)
            }
        }

        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
            try await writer.finish(trailingHeaders)
        }
    }
}
