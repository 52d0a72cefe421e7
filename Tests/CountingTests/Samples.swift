import Counting
import EventSourcing

/// Values that many tests build on.
enum Sample {
    static let id = CameraID.sample(7)
    static let workerA = worker("worker-a")
    static let workerB = worker("worker-b")
    static let reason = Reason(stored: "because")

    static let plain = CameraDescription(name: CameraName(stored: "Entrance"))
    static let renamed = CameraDescription(name: CameraName(stored: "Exit"))

    static let address = kept("rtsp://10.0.0.5:554/stream1", "c0ffee")
    /// As events of schema version 1 hold it.
    static let addressInClear = address("rtsp://admin:s%40crt@10.0.0.5:554/stream1")
    static let configuration = CameraConfiguration(address: address)
    static let moved = CameraConfiguration(address: Sample.address("rtsp://10.0.0.6/stream1"))

    static let registered = Camera.Event.registered(id, plain, configuration)
    static let started = Camera.Event.started(id, workerA, epoch: 1)
    static let removed = Camera.Event.removed(id, reason: nil)
    static let erased = Camera.Event.erased(id)

    static func status(_ old: CameraStatus, _ new: CameraStatus) -> Camera.Event {
        .statusChanged(id, from: old, to: new, reason: nil)
    }

    static func worker(_ text: String) -> WorkerID { valid { try WorkerID(text) } }

    static func address(_ url: String, _ type: StreamType = .rtsp) -> StreamAddress {
        valid { try StreamAddress(url, type: type) }
    }

    /// An address whose credentials are kept under an id.
    static func kept(_ url: String, _ id: String) -> StreamAddress { address(url).with(.kept(SecretID(id))) }

    static func point(_ x: Double, _ y: Double) -> Point {
        valid { try Point(x: x, y: y) }
    }

    static func line(_ name: String) -> Line {
        valid {
            try Line(name: LineName(name), from: point(0, 0.5), to: point(1, 0.5), inside: point(0.5, 0.9))
        }
    }

    static func recorded(_ event: NewEvent, version: Int64 = 1) -> RecordedEvent {
        RecordedEvent(
            position: version, stream: "sample", version: version, type: event.type,
            schemaVersion: event.schemaVersion, data: event.data, metadata: Array("{}".utf8),
            recordedAt: Timestamp(microseconds: 0))
    }
}

extension CameraID {
    static func sample(_ number: Int64) -> CameraID { valid { try CameraID(number) } }
}

/// A sample that breaks a rule is a mistake in the test itself.
func valid<Value>(_ make: () throws -> Value) -> Value {
    do { return try make() } catch { preconditionFailure("\(error)") }
}

/// The code with which making a value is refused; nil where it is not.
func refusal(_ make: () throws -> Any) -> InvalidValue.Code? {
    do {
        _ = try make()
        return nil
    } catch {
        return (error as? InvalidValue)?.code
    }
}
