import COpenCV

/// How long a stream may take to answer.
package struct CaptureTimeouts: Sendable, Hashable {
    package var open: Duration
    /// Between two frames.
    package var read: Duration

    package init(open: Duration = .seconds(5), read: Duration = .seconds(5)) {
        self.open = open
        self.read = read
    }
}

/// An open video file or stream. Its calls block, and belong to one thread at a time.
final class Capture {
    private let handle: OpaquePointer

    /// Blocks until the stream gave its first packets, at most for about `timeouts.open`.
    init(_ source: CaptureSource, timeouts: CaptureTimeouts = CaptureTimeouts()) throws(VisionError) {
        _ = Capture.silence
        var handle: OpaquePointer?
        try checked(
            cv_capture_open(
                source.location, source.options, timeouts.open.milliseconds, timeouts.read.milliseconds,
                &handle))
        guard let handle else { throw .cannotOpen }
        self.handle = handle
    }

    deinit {
        cv_capture_free(handle)
    }

    private static let silence: Void = cv_silence()

    /// Decodes the next frame; false at the end, and where nothing came in time.
    func grab() throws(VisionError) -> Bool {
        var grabbed = false
        try checked(cv_capture_grab(handle, &grabbed))
        return grabbed
    }

    /// Writes the grabbed frame into the picture.
    func retrieve(into picture: Picture) throws(VisionError) -> Bool {
        var retrieved = false
        try checked(cv_capture_retrieve(handle, picture.handle, &retrieved))
        return retrieved && picture.width > 0 && picture.height > 0
    }

    /// Frames a second as the container says, nil where it says nothing sensible.
    var fps: Double? {
        let fps = cv_capture_fps(handle)
        return fps >= 0.1 && fps <= 250 ? fps : nil
    }

    /// The codec's short name as FFmpeg has it, such as `h264`; nil where it has none of four letters.
    var codec: String? { CodecName.name(tag: UInt32(max(0, cv_capture_fourcc(handle)))) }

    /// How many frames the container announces, nil where it does not.
    var announcedFrames: Int? {
        let count = cv_capture_frame_count(handle)
        return count >= 1 && count < 1e9 ? Int(count) : nil
    }

    /// The grabbed frame's time in the container, in seconds; 0 where it has none.
    var position: Double { cv_capture_position_ms(handle) / 1000 }
}

extension Duration {
    /// Whole milliseconds, at least 1.
    fileprivate var milliseconds: Int32 {
        Int32(clamping: max(1, components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000))
    }
}
