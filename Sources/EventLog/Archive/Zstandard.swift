internal import CZstd

/// What libzstd says is wrong.
package struct ZstandardError: Error, CustomStringConvertible {
    package let description: String
}

/// Compresses a stream of bytes into one frame, with a checksum of its own.
package struct Compressor: ~Copyable {
    private let context: OpaquePointer
    private var buffer = [UInt8](repeating: 0, count: ZSTD_CStreamOutSize())

    package init(level: Int) throws {
        guard let context = ZSTD_createCCtx() else { throw ZstandardError(description: "out of memory") }
        do {
            try check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(clamping: level)))
            try check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
        } catch {
            ZSTD_freeCCtx(context)
            throw error
        }
        self.context = context
    }

    deinit { ZSTD_freeCCtx(context) }

    /// - Parameter write: takes compressed bytes, as they come.
    package mutating func compress(_ bytes: [UInt8], isLast: Bool, write: (UnsafeRawBufferPointer) throws -> Void)
        throws
    {
        let mode = isLast ? ZSTD_e_end : ZSTD_e_continue
        try bytes.withUnsafeBytes { source in
            var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
            while true {
                var produced = 0
                let left = buffer.withUnsafeMutableBytes { target in
                    var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
                    defer { produced = output.pos }
                    return ZSTD_compressStream2(context, &output, &input, mode)
                }
                try check(left)
                try buffer.withUnsafeBytes { try write(UnsafeRawBufferPointer(rebasing: $0[..<produced])) }
                if isLast ? left == 0 : input.pos == input.size { return }
            }
        }
    }
}

/// Decompresses one frame piece by piece. Refuses frames that ask for a window of more than 128 MiB.
package struct Decompressor: ~Copyable {
    private let context: OpaquePointer
    private var buffer = [UInt8](repeating: 0, count: ZSTD_DStreamOutSize())
    /// Whether the frame has been read to its end and its checksum was right.
    package private(set) var isComplete = false

    package init() throws {
        guard let context = ZSTD_createDCtx() else { throw ZstandardError(description: "out of memory") }
        do { try check(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 27)) } catch {
            ZSTD_freeDCtx(context)
            throw error
        }
        self.context = context
    }

    deinit { ZSTD_freeDCtx(context) }

    /// - Parameter write: takes decompressed bytes, as they come, at most 128 KiB at a time.
    package mutating func decompress(
        _ bytes: UnsafeRawBufferPointer, write: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        while true {
            if isComplete {
                if input.pos == input.size { return }
                throw ZstandardError(description: "there are bytes after the end")
            }
            var produced = 0
            let hint = buffer.withUnsafeMutableBytes { target in
                var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
                defer { produced = output.pos }
                return ZSTD_decompressStream(context, &output, &input)
            }
            try check(hint)
            isComplete = hint == 0
            let isFull = produced == buffer.count
            try buffer.withUnsafeBytes { try write(UnsafeRawBufferPointer(rebasing: $0[..<produced])) }
            if !isComplete, input.pos == input.size, !isFull { return }
        }
    }
}

private func check(_ code: Int) throws(ZstandardError) {
    if ZSTD_isError(code) != 0 { throw ZstandardError(description: String(cString: ZSTD_getErrorName(code))) }
}
