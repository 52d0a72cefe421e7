import Counting
import EventSourcing
import Testing

/// What the rows of `camera_locations` say.
@Suite struct CameraLocationsMeaningTests {
    @Test(arguments: [UInt64(41), 42])
    func eachDescriptionSaysWhereACameraHangs(_ seed: UInt64) async throws {
        try await Meaning.withRows(of: "camera_locations", seed: seed) { rows, events in
            var expected: [Int64: JSONObject] = [:]
            for event in events where event.stream.rawValue.hasPrefix("camera-") {
                let description: CameraDescription
                let id: CameraID
                switch try Camera.decode(event) {
                case .registered(let camera, let given, _): (id, description) = (camera, given)
                case .described(let camera, let given): (id, description) = (camera, given)
                default: continue
                }
                expected[event.position] = [
                    "camera_id": .integer(id.number), "position": .integer(event.position),
                    "since": .string(event.recordedAt.rfc3339),
                    "location": description.location.map { .string($0.text) } ?? .null,
                ]
            }
            #expect(Set(expected.values.map { $0["location"] }).count > 1)
            #expect(rows.count == expected.count)
            for row in rows { Meaning.expect(row, try #require(row["position"]?.integer.flatMap { expected[$0] })) }
        }
    }
}
