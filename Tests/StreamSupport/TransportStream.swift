import COpenCV
import Foundation
import Vision

/// A clip of 160 × 120 pixels and 25 frames a second, MPEG-2 in an MPEG transport stream.
package enum TransportStream {
    package static let packetLength = 188

    /// Made once, on a thread of its own: OpenCV lets one file or stream be opened at a time, and the one before may be
    /// waiting for its server.
    package static var clip: Data {
        get async throws { try await made.value }
    }

    private static let made = Task {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try make(frames: 50) }) }.start()
        }
    }

    private static func make(frames: Int) throws -> Data {
        let file = FileManager.default.temporaryDirectory.appending(path: "stream-\(UUID().uuidString).ts")
        defer { try? FileManager.default.removeItem(at: file) }  // a file in the temporary folder may stay
        try write(frames, to: file.path)
        return try Data(contentsOf: file)
    }

    private static func write(_ frames: Int, to path: String) throws {
        let (width, height) = (160, 120)
        var writer: OpaquePointer?
        try checked(cv_writer_open(path, "MPG2", 25, Int32(width), Int32(height), &writer))
        defer { cv_writer_free(writer) }
        let picture = try Picture()
        for frame in 0..<frames {
            // A bright column that moves to the right.
            let bright = frame * 3 % width
            let row = (0..<width).flatMap { x in
                [UInt8](repeating: (bright..<bright + 12).contains(x) ? 230 : 60, count: 3)
            }
            try picture.fill(
                bgr: [[UInt8]](repeating: row, count: height).flatMap(\.self), width: width, height: height)
            try checked(cv_writer_write(writer, picture.handle))
        }
    }
}
