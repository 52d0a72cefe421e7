import EventSourcing
import Logging
import StreamPolicy
import Testing

@testable import footfall_worker

@Suite struct RunsTests {
    private func make(_ assignment: Assignment) -> CameraRun {
        CameraRun(
            assignment, workerID: "w", client: ServerClient(server: "http://127.0.0.1:9", workerID: "w", token: nil),
            model: nil,
            door: StreamDoor(policy: StreamPolicy(), fileRoot: nil),
            untold: UntoldHeartbeats(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func anAssignmentIsRunOnce() throws {
        let runs = Runs()
        #expect(runs.reconcile(with: [try assignment()], make: make).count == 1)
        #expect(runs.reconcile(with: [try assignment()], make: make).isEmpty)
    }

    @Test func aChangedAssignmentBeginsWhenTheOldRunHasEnded() throws {
        let runs = Runs()
        let old = try #require(runs.reconcile(with: [try assignment()], make: make).first)
        #expect(runs.reconcile(with: [try assignment(epoch: 2)], make: make).isEmpty)
        runs.ended(old.assignment, as: .stopped)
        #expect(runs.reconcile(with: [try assignment(epoch: 2)], make: make).map(\.assignment.epoch) == [2])
    }

    @Test func whatWasPlayedToItsEndBeginsAgainWithANewEpochOnly() throws {
        let runs = Runs()
        let run = try #require(runs.reconcile(with: [try assignment()], make: make).first)
        runs.ended(run.assignment, as: .ended)
        #expect(runs.reconcile(with: [try assignment()], make: make).isEmpty)
        #expect(runs.reconcile(with: [try assignment(epoch: 2)], make: make).count == 1)
    }

    @Test func whatWasPlayedToItsEndBeginsAgainWithAnotherTake() throws {
        let dated: JSON = ["started_at": "2026-03-01T08:00:00Z"]
        let runs = Runs()
        let run = try #require(runs.reconcile(with: [try assignment(settings: dated)], make: make).first)
        runs.ended(run.assignment, as: .ended)
        #expect(runs.reconcile(with: [try assignment(settings: dated, countedTo: 70_000)], make: make).isEmpty)
        #expect(runs.reconcile(with: [try assignment(settings: dated, take: 2)], make: make).count == 1)
    }

    @Test func howFarATakeHasComeIsNoChange() throws {
        let dated: JSON = ["started_at": "2026-03-01T08:00:00Z"]
        let one = try assignment(settings: dated)
        #expect(one == (try assignment(settings: dated, countedTo: 70_000)))
        #expect(one != (try assignment(settings: dated, take: 2)))
        #expect(one != (try assignment(settings: ["started_at": "2026-03-01T08:00:00Z", "confidence": 0.5])))
        #expect(one == (try assignment(settings: ["started_at": "2026-03-01T08:00:00Z", "keep_frame_data": true])))
    }

    @Test func anAssignmentThatIsNotUnderstoodSaysWhatIsWrong() throws {
        let whole: JSON = [
            "camera_id": 1, "epoch": 1, "stream_url": "rtsp://h/a", "stream_type": "rtsp", "lines": [], "settings": [:],
        ]
        #expect(try Assignment(whole).lines.isEmpty)
        for (member, broken) in [("stream_type", JSON.string("smtp")), ("lines", [["name": "x"]]), ("epoch", nil)] {
            guard case .object(var members) = whole else { return }
            members[member] = broken
            let error = #expect(throws: Assignment.Malformed.self) { try Assignment(.object(members)) }
            #expect(error?.description.contains(member) == true)
        }
    }
}
