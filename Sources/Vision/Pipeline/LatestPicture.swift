import Foundation

/// Hands pictures from the thread that reads a live stream to the one that looks at them: only the newest waits.
final class LatestPicture: @unchecked Sendable {
    // Unchecked: everything is touched under the condition's lock; a picture belongs to whom it was swapped to.
    struct Frame {
        var picture: Picture
        var number: Int
        var seconds: Double
        var grabbedAt: Date
        var decode: Duration
    }

    private let condition = NSCondition()
    private var waiting: Frame?
    private var spare: Picture?
    private var end: Result<Void, VisionError>?

    /// Leaves a frame to be taken, and gets a picture to read the next one into.
    /// - Returns: whether the frame left before was never taken, and so is dropped.
    func put(_ frame: Frame, nextInto next: inout Picture) throws(VisionError) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        let dropped = waiting
        if let dropped {
            next = dropped.picture
        } else if let free = spare {
            next = free
            spare = nil
        } else {
            next = try Picture()
        }
        waiting = frame
        condition.signal()
        return dropped != nil
    }

    /// No more frames come: a waiting one is still taken, then `take` throws or returns nil.
    func close(_ result: Result<Void, VisionError>) {
        condition.withLock {
            if end == nil { end = result }
            condition.broadcast()
        }
    }

    /// Waits for a frame newer than the last one; nil when it is time to stop.
    /// - Parameter used: the picture taken before, to be read into again.
    func take(returning used: Picture?) throws(VisionError) -> Frame? {
        condition.lock()
        defer { condition.unlock() }
        if let used { spare = used }
        while waiting == nil {
            switch end {
            case .failure(let error): throw error
            case .success: return nil
            case nil: condition.wait()
            }
        }
        defer { waiting = nil }
        return waiting
    }
}
