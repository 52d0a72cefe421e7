import Counting
import EventSourcing

/// What was said last of cameras' statuses, folded one event after the other.
struct LastWords {
    struct Word {
        var status = CameraStatus.offline
        /// Since when all words say this.
        var since: Timestamp
        /// Without what heartbeats say since.
        var setStatus = CameraStatus.offline
        var silentSince: Timestamp
        var isRemoved = false
        fileprivate var isRunning = false
        fileprivate var wasStarted = false
        /// Of the heartbeat that was seen last, since the last word of its life: when, and how bad it is.
        fileprivate var seen: [Int64]?

        init(at instant: Timestamp) { (since, silentSince) = (instant, instant) }

        /// Whether the status rests on heartbeats.
        var lapses: Bool { status == .online && (isRunning || !wasStarted && seen != nil) }

        fileprivate mutating func say(_ new: CameraStatus, at instant: Timestamp) {
            if new != status { since = instant }
            status = new
        }
    }

    private(set) var ofCameras: [Int64: Word] = [:]

    init(_ events: [RecordedEvent]) throws {
        for event in events {
            let id = try JSON.parse(event.data)["camera_id"]?.integer ?? 0
            if event.type == Heartbeat.eventType {
                hear(try Heartbeat(event), at: event.recordedAt)
            } else if event.stream.rawValue.hasPrefix("camera-") {
                live(try Camera.decode(event), id, at: event.recordedAt)
            }
        }
    }

    private mutating func live(_ event: Camera.Event, _ id: Int64, at instant: Timestamp) {
        var word = ofCameras[id] ?? Word(at: instant)
        switch event {
        case .registered: break
        case .started, .restarted:
            (word.isRunning, word.wasStarted, word.silentSince) = (true, true, instant)
            word.setStatus = .offline
        case .stopped:
            word.isRunning = false
            word.setStatus = .offline
        case .statusChanged(_, _, let new, _): word.setStatus = new
        case .removed: word.isRemoved = true
        default: return
        }
        if !word.isRemoved {
            word.seen = nil
            word.say(word.setStatus, at: instant)
        }
        ofCameras[id] = word
    }

    private mutating func hear(_ heartbeat: Heartbeat, at instant: Timestamp) {
        guard var word = ofCameras[heartbeat.cameraID.number] else { return }
        word.silentSince = instant
        if word.status != .maintenance, word.isRunning || !word.wasStarted {
            let observedAt = heartbeat.observedAt.instant.microseconds
            let badness: [CameraStatus: Int64] = [.online: 0, .offline: 1, .maintenance: 1, .error: 2]
            let seen = [min(observedAt, instant.microseconds), observedAt, badness[heartbeat.status] ?? 0]
            if word.seen.map({ !seen.lexicographicallyPrecedes($0) }) ?? true {
                word.seen = seen
                word.say(heartbeat.status == .maintenance ? .offline : heartbeat.status, at: instant)
            }
        }
        ofCameras[heartbeat.cameraID.number] = word
    }
}
