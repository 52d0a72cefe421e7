import Foundation

/// The crossings that became certain in one frame.
package struct FrameReport: Sendable {
    /// The frame's number in the stream, from 0; dropped frames have numbers too, and a file that starts again goes
    /// on counting. Grows strictly from report to report.
    package var frame: Int
    /// Since the stream's start: for files by the file's own clock.
    package var mediaTime: Duration
    /// The wall clock when the frame was taken from the stream.
    package var grabbedAt: Date
    /// How long detection, tracking and counting took.
    package var processingTime: Duration
    package var modelVersion: String
    /// Never empty; by line, in the settings' order, then by track.
    package var crossings: [Crossing]
}
