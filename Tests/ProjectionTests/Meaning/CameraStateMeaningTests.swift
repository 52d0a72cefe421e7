import Counting
import EventSourcing
import Testing

/// What the rows of `camera_state` say.
@Suite struct CameraStateMeaningTests {
    @Test(arguments: [UInt64(23), 24])
    func cameraStateIsWhatTheCameraHasBecome(_ seed: UInt64) async throws {
        try await Meaning.withRows(of: "camera_state", seed: seed) { rows, events in
            var cameras: [Int64: JSONObject] = [:]
            var states: [Int64: Camera.State] = [:]
            for event in events where event.stream.rawValue.contains(/^(camera|erasure)-/) {
                let change = try Camera.decode(event)
                let id = try #require(JSON.parse(event.data)["camera_id"]?.integer)
                let before = states[id] ?? Camera.initial
                states[id] = Camera.evolve(before, change)
                let actor = EventMetadata(try JSON.parse(event.metadata)).actor.map(JSON.string) ?? .null
                var row =
                    cameras[id] ?? [
                        "created_at": .string(event.recordedAt.rfc3339), "created_by": actor,
                        "previous_worker_id": .null,
                        "desired_state_since": .string(event.recordedAt.rfc3339),
                    ]
                if case .registered(let camera) = states[id] {
                    let whole = Camera.encode(.registered(camera.id, camera.description, camera.configuration))
                    for optional in [
                        "location", "description", "stream_credentials", "stream_credentials_id", "stream_path_id",
                        "security_config_id",
                    ] { row[optional] = .null }
                    for (member, value) in try #require(JSON.parse(whole.data).object) { row[member] = value }
                    row["metadata_text"] = nil
                    row["metadata"] = .string(camera.description.metadata.text)
                    row["monitoring"] = .bool(camera.isMonitored)
                    row["desired_state"] = .string(camera.desiredState.rawValue)
                    if case .registered(let before) = before, let worker = before.workerID,
                        worker != camera.workerID
                    {
                        row["previous_worker_id"] = .string(worker.text)
                    }
                    row["worker_id"] = camera.workerID.map { .string($0.text) } ?? .null
                    row["epoch"] = .integer(camera.epoch)
                    row["removed"] = false
                } else {
                    row["desired_state"] = "stopped"
                    row["removed"] = true
                    if case .erased = change {
                        for secret in ["stream_credentials_id", "stream_path_id", "security_config_id"] {
                            row[secret] = .null
                        }
                    }
                }
                switch change {
                case .takeBegan(_, let recording, let take):
                    row["take"] = .integer(take.number)
                    row["take_stream_url"] = .string(recording.url)
                    row["take_started_at"] = .string(recording.startedAt.rfc3339)
                case .takeResumed(_, let recording, let take):
                    row["take"] = .integer(take)
                    row["take_stream_url"] = .string(recording.url)
                    row["take_started_at"] = .string(recording.startedAt.rfc3339)
                default: break
                }
                let starts: Set = ["CameraStarted", "CameraRestarted", "CameraStopped", "CameraRemoved"]
                if starts.contains(event.type) { row["desired_state_since"] = .string(event.recordedAt.rfc3339) }
                row["updated_at"] = .string(event.recordedAt.rfc3339)
                row["updated_by"] = actor
                // A late erasure has a stream of its own.
                if event.stream.rawValue.hasPrefix("camera-") { row["version"] = .integer(event.version) }
                row["position"] = .integer(event.position)
                cameras[id] = row
            }
            #expect(rows.count == cameras.count)
            let words = try LastWords(events)
            for row in rows {
                let id = try #require(row["camera_id"]?.integer)
                let word = try #require(words.ofCameras[id])
                var expected = try #require(cameras[id])
                expected["status"] = .string(word.status.rawValue)
                expected["status_since"] = .string(word.since.rfc3339)
                Meaning.expect(row, expected)
            }
        }
    }

    @Test(arguments: [UInt64(27), 28])
    func totalsCountTheCamerasByWhatTheyAre(_ seed: UInt64) async throws {
        try await Meaning.withRows(of: "camera_totals", in: "camera_state", seed: seed) { rows, events in
            var states: [StreamName: Camera.State] = [:]
            for event in events where event.stream.rawValue.hasPrefix("camera-") {
                states[event.stream] = Camera.evolve(states[event.stream] ?? Camera.initial, try Camera.decode(event))
            }
            var totals: [[String]: Int64] = [:]
            let words = try LastWords(events)
            for case .registered(let camera) in states.values {
                let status = try #require(words.ofCameras[camera.id.number]).status
                totals[[status.rawValue, camera.desiredState.rawValue], default: 0] += 1
            }
            #expect(rows.count == CameraStatus.allCases.count * DesiredState.allCases.count)
            for row in rows {
                let key = [row["status"]?.string ?? "", row["desired_state"]?.string ?? ""]
                #expect(row["cameras"]?.integer == totals[key] ?? 0)
            }
        }
    }

    @Test(arguments: [UInt64(33), 34])
    func whatWasHeardIsTheLastWord(_ seed: UInt64) async throws {
        try await Meaning.withRows(of: "camera_heard", in: "camera_state", seed: seed) { rows, events in
            let words = try LastWords(events).ofCameras.filter { !$0.value.isRemoved }
            #expect(rows.count == words.count)
            #expect(words.values.contains { $0.lapses })
            for row in rows {
                let word = try #require(row["camera_id"]?.integer.flatMap { words[$0] })
                #expect(row["status"]?.string == word.status.rawValue)
                #expect(row["set_status"]?.string == word.setStatus.rawValue)
                #expect(row["lapses"]?.bool == word.lapses)
                #expect(Meaning.instant(row["status_since"]) == word.since)
                #expect(Meaning.instant(row["silent_since"]) == word.silentSince)
            }
        }
    }
}
