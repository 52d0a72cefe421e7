import Logging
import NIOCore
import StreamSupport
import Testing

@testable import footfall_worker

/// What becomes of readings that a server does not take.
@Suite(.timeLimit(.minutes(5))) struct ReadingSenderTests {
    /// Hands these readings over to a server that answers its calls with these statuses, the last one for ever.
    private func send(
        _ sequences: [Int64], _ series: ReadingSeries, to statuses: [Int]
    ) async throws -> (outbox: ReadingOutbox, calls: Int, ending: ReadingSender.Ending) {
        let outbox = ReadingOutbox(whenFull: .dropOldest)
        outbox.add(sequences.map(reading))
        outbox.close()
        let calls = CallCount()
        let ending = try await ScriptedServer.run { request in
            guard request.hasPrefix("POST") else { return nil }  // the rest of a request
            let status = statuses[min(calls.next(), statuses.count) - 1]
            let body = #"{"detail":"no such line"}"#
            return ByteBuffer(
                string: "HTTP/1.1 \(status) Scripted\r\nContent-Type: application/json\r\nConnection: close\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        } _: { port in
            let connections = ServerConnections()
            let client = ServerClient(
                server: "http://127.0.0.1:\(port)", workerID: "w", token: nil, connections: connections)
            let ending = await ReadingSender(
                client: client, outbox: outbox, series: series, cameraID: 7,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ).run()
            await connections.close()
            return ending
        }
        return (outbox, calls.total, ending)
    }

    @Test func aRefusedReadingOfALiveStreamIsPutAsideAndTheOthersGoOn() async throws {
        let sent = try await send([1, 2], .source("w:1:1"), to: [422, 422, 201])
        #expect(sent.calls == 3)
        #expect(sent.outbox.count == 0)
        #expect(sent.outbox.refusedReadings.map(\.reading.sequence) == [1])
        #expect(sent.outbox.takeLosses() == ReadingLosses(refused: 1, reason: "422 no such line"))
    }

    @Test func aRefusedReadingOfARecordingIsSentUntilItIsTaken() async throws {
        let sent = try await send([1], .take(1), to: [422, 422, 201])
        #expect(sent.calls == 3)
        #expect(sent.outbox.count == 0)
        #expect(sent.outbox.refusedReadings.isEmpty)
        #expect(sent.outbox.takeLosses() == ReadingLosses())
    }

    @Test func aPassageThatAnotherRunHasCountedIsNoLoss() async throws {
        let sent = try await send([1], .take(1), to: [409])
        #expect(sent.calls == 1)
        #expect(sent.outbox.count == 0)
        #expect(sent.outbox.takeLosses() == ReadingLosses())
    }

    @Test func aCameraThatIsGoneEndsTheSending() async throws {
        let sent = try await send([1, 2], .take(1), to: [410])
        #expect(sent.ending == .gone)
        #expect(sent.calls == 1)
    }

    @Test func whatIsLostIsSaidInTheHeartbeat() {
        let health = CameraHealth(workerID: "w")
        let heartbeat = health.heartbeat(
            losses: ReadingLosses(givenUp: 2, refused: 3, reason: "422 no such line"), now: .init(microseconds: 0))
        #expect(heartbeat["status"] == "error")
        #expect(heartbeat["readings_refused"] == 3)
        #expect(heartbeat["readings_given_up"] == 2)
        #expect(
            heartbeat["error_message"]
                == "2 readings were given up, for the server did not take them in time; 3 readings were refused by the server: 422 no such line"
        )
    }

    @Test func bandwidthIsWhatCameSinceTheLastLook() {
        let start = ContinuousClock.now
        let traffic = StreamTraffic(now: start)
        traffic.received(1_000_000)
        traffic.received(250_000)
        #expect(traffic.takeBandwidth(now: start + .seconds(5)) == 2)
        #expect(traffic.takeBandwidth(now: start + .seconds(5)) == nil)
        #expect(traffic.takeBandwidth(now: start + .seconds(6)) == 0)
    }
}
