import COpenCV
import Foundation

@testable import Vision

/// A made-up clip of known truth: figures that walk or drive before a textured background, with a camera's noise.
/// The same scene gives the same bytes each time.
struct SyntheticScene {
    struct Figure {
        enum Look { case person, vehicle }
        var look: Look
        /// Relative to the picture.
        var width: Double
        var height: Double
        var colour: (blue: Int, green: Int, red: Int)
        /// Where its foot is at a time in seconds; nil while it is not in the scene.
        var foot: @Sendable (Double) -> ImagePoint?
    }

    var width = 240
    var height = 180
    var fps = 10.0
    var seconds = 6.0
    var figures: [Figure] = []
    /// Amplitude of the noise in values of 255.
    var noise = 4
    var castsShadows = false
    /// What the camera's exposure multiplies all values by, at a time in seconds.
    var exposure: @Sendable (Double) -> Double = { _ in 1 }
    /// A post that stands before the figures.
    var post: Box?
    var seed: UInt64 = 1

    var frames: Int { Int((seconds * fps).rounded()) }

    func write(to path: String) throws {
        let writer = try ClipWriter(path: path, fps: fps, width: width, height: height)
        var random = SplitMix(state: seed)
        let background = texture(&random)
        let grain = (0..<65536).map { _ in Int(random.next() % UInt64(2 * noise + 1)) - noise }
        for frame in 0..<frames {
            let time = Double(frame) / fps
            var canvas = Canvas(width: width, height: height, pixels: background)
            for figure in figures { draw(figure, at: time, on: &canvas) }
            if let post { canvas.fill(post, (90, 90, 90)) }
            canvas.expose(gain: exposure(time), grain: grain, offset: Int(random.next() % 65536))
            try writer.write(canvas.pixels)
        }
    }

    /// Gentle blotches, so that edges and corners are everywhere.
    private func texture(_ random: inout SplitMix) -> [UInt8] {
        let cell = max(4, width / 40)
        let columns = width / cell + 2
        let values = (0..<columns * (height / cell + 2)).map { _ in 90 + Int(random.next() % 60) }
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                let value = values[(y / cell) * columns + x / cell] + (x * 7 + y * 13) % 11
                let at = (y * width + x) * 3
                pixels[at] = UInt8(value)
                pixels[at + 1] = UInt8(min(255, value + 8))
                pixels[at + 2] = UInt8(max(0, value - 6))
            }
        }
        return pixels
    }

    private func draw(_ figure: Figure, at time: Double, on canvas: inout Canvas) {
        guard let foot = figure.foot(time) else { return }
        let box = Box(
            x: foot.x - figure.width / 2, y: foot.y - figure.height, width: figure.width, height: figure.height)
        func part(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> Box {
            Box(
                x: box.x + x * box.width, y: box.y + y * box.height, width: width * box.width,
                height: height * box.height)
        }
        if castsShadows {
            canvas.shade(
                Box(x: foot.x, y: foot.y - 0.12 * box.height, width: box.width * 1.3, height: 0.12 * box.height))
        }
        let (blue, green, red) = figure.colour
        let dark = (blue / 2, green / 2, red / 2)
        switch figure.look {
        case .person:
            let step = 0.2 * sin(time * 9)
            canvas.fill(part(0.15, 0.18, 0.7, 0.4), (blue, green, red))
            canvas.fill(part(0.3, 0, 0.4, 0.17), (140, 160, 200))
            canvas.fill(part(0.2 - step, 0.56, 0.3, 0.44), dark)
            canvas.fill(part(0.5 + step, 0.56, 0.3, 0.44), dark)
        case .vehicle:
            canvas.fill(box, (blue, green, red))
            canvas.fill(part(0.1, 0.15, 0.8, 0.2), dark)
            canvas.fill(part(0.1, 0.7, 0.8, 0.12), dark)
        }
    }
}

extension SyntheticScene.Figure {
    /// Goes straight from one point to another.
    static func straight(
        _ look: Look, width: Double, height: Double, colour: (Int, Int, Int) = (40, 40, 50), from: ImagePoint,
        to: ImagePoint,
        start: Double, seconds: Double
    ) -> Self {
        .init(look: look, width: width, height: height, colour: colour) { time in
            let part = (time - start) / seconds
            guard part >= 0, part <= 1 else { return nil }
            return ImagePoint(x: from.x + part * (to.x - from.x), y: from.y + part * (to.y - from.y))
        }
    }
}

/// A picture being drawn, three bytes a pixel.
private struct Canvas {
    let width: Int
    let height: Int
    var pixels: [UInt8]

    private func area(_ box: Box) -> (x: Range<Int>, y: Range<Int>) {
        let left = min(width, max(0, Int((box.x * Double(width)).rounded())))
        let right = min(width, max(left, Int((box.right * Double(width)).rounded())))
        let top = min(height, max(0, Int((box.y * Double(height)).rounded())))
        let bottom = min(height, max(top, Int((box.bottom * Double(height)).rounded())))
        return (left..<right, top..<bottom)
    }

    mutating func fill(_ box: Box, _ colour: (blue: Int, green: Int, red: Int)) {
        let (columns, rows) = area(box)
        for y in rows {
            for x in columns {
                let at = (y * width + x) * 3
                let weave = (x * 5 + y * 3) % 9
                pixels[at] = UInt8(clamping: colour.blue + weave)
                pixels[at + 1] = UInt8(clamping: colour.green + weave)
                pixels[at + 2] = UInt8(clamping: colour.red + weave)
            }
        }
    }

    mutating func shade(_ box: Box) {
        let (columns, rows) = area(box)
        for y in rows {
            for at in (y * width + columns.lowerBound) * 3..<(y * width + columns.upperBound) * 3 {
                pixels[at] = UInt8(Int(pixels[at]) * 7 / 10)
            }
        }
    }

    mutating func expose(gain: Double, grain: [Int], offset: Int) {
        let scale = Int(gain * 256)
        for at in pixels.indices {
            let value = (Int(pixels[at]) * scale) >> 8
            pixels[at] = UInt8(clamping: value + grain[(at &* 7 &+ offset) & 65535])
        }
    }
}

/// Random numbers that are the same on each run (SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Writes Motion JPEG in AVI.
final class ClipWriter {
    private let handle: OpaquePointer
    private let picture: Picture
    private let width: Int
    private let height: Int

    init(path: String, fps: Double, width: Int, height: Int) throws {
        var handle: OpaquePointer?
        try checked(cv_writer_open(path, "MJPG", fps, Int32(width), Int32(height), &handle))
        guard let handle else { throw VisionError.cannotOpen }
        self.handle = handle
        self.width = width
        self.height = height
        picture = try Picture()
    }

    deinit {
        cv_writer_free(handle)
    }

    func write(_ bgr: [UInt8]) throws {
        try picture.fill(bgr: bgr, width: width, height: height)
        try checked(cv_writer_write(handle, picture.handle))
    }
}
