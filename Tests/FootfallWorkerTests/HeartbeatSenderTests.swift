import EventSourcing
import Logging
import NIOCore
import StreamSupport
import Synchronization
import Testing

@testable import footfall_worker

/// What the server is told of lost readings, and what it is told again.
@Suite(.timeLimit(.minutes(5))) struct HeartbeatSenderTests {
    private let outbox = ReadingOutbox(whenFull: .dropOldest)
    private let untold = UntoldHeartbeats()

    /// Sends heartbeats to a server that answers its calls with these statuses.
    /// - Parameter before: is done before each call of `send`, which it is told from 0 on.
    /// - Returns: what the server was told, in order.
    private func beat(_ times: Int, answers: [Int], before: @Sendable (Int) -> Void = { _ in }) async throws -> [Told] {
        let told = Mutex<[Told]>([])
        let calls = CallCount()
        try await ScriptedServer.run { request in
            guard let body = request.split(separator: "\r\n\r\n").last, let json = try? JSON.parse(Array(body.utf8))
            else { return nil }
            told.withLock { $0.append(Told(said: json)) }
            let status = answers[calls.next() - 1]
            return ByteBuffer(
                string: "HTTP/1.1 \(status) Scripted\r\nContent-Type: application/json\r\nConnection: close\r\n"
                    + "Content-Length: 2\r\n\r\n{}")
        } _: { port in
            let connections = ServerConnections()
            let client = ServerClient(
                server: "http://127.0.0.1:\(port)", workerID: "w", token: nil, connections: connections)
            let sender = HeartbeatSender(
                client: client, outbox: outbox, health: CameraHealth(workerID: "w"), cameraID: 7, untold: untold,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            for time in 0..<times {
                before(time)
                await sender.send()
            }
            await connections.close()
        }
        return told.withLock { $0 }
    }

    struct Told: Equatable {
        let sequence: Int64?
        let refused: Int64?
        let givenUp: Int64?

        init(said json: JSON) {
            sequence = json["sequence"]?.integer
            refused = json["readings_refused"]?.integer
            givenUp = json["readings_given_up"]?.integer
        }

        init(_ sequence: Int64, refused: Int64? = nil, givenUp: Int64? = nil) {
            (self.sequence, self.refused, self.givenUp) = (sequence, refused, givenUp)
        }
    }

    @Test func aLossIsToldOnce() async throws {
        outbox.note(ReadingLosses(givenUp: 2, refused: 3, reason: "422"))
        let told = try await beat(2, answers: [201, 201])
        #expect(told == [Told(1, refused: 3, givenUp: 2), Told(2)])
    }

    @Test func aLossThatMayNotHaveBeenToldIsToldAgainUnderItsSequence() async throws {
        let told = try await beat(3, answers: [503, 503, 201, 201]) { time in
            outbox.note(ReadingLosses(givenUp: time + 1))
        }
        // The third call tells the first loss again, and then the second and the third together.
        #expect(told == [Told(1, givenUp: 1), Told(1, givenUp: 1), Told(1, givenUp: 1), Told(2, givenUp: 5)])
        #expect(untold.all(of: 7).isEmpty)
    }

    @Test func aLossThatTheServerRefusesToHearUnderItsSequenceIsToldByTheNext() async throws {
        outbox.note(ReadingLosses(refused: 4, reason: "422"))
        let told = try await beat(2, answers: [503, 409, 201])
        #expect(told == [Told(1, refused: 4), Told(1, refused: 4), Told(2, refused: 4)])
    }

    @Test func theCamerasNextRunTellsWhatThisOneCouldNot() async throws {
        outbox.note(ReadingLosses(givenUp: 9))
        #expect(try await beat(1, answers: [503]) == [Told(1, givenUp: 9)])
        #expect(try await beat(1, answers: [201, 201]) == [Told(1, givenUp: 9), Told(1)])
    }

    @Test func aHeartbeatWithoutLossesIsNotSentAgain() async throws {
        #expect(try await beat(2, answers: [503, 201]) == [Told(1), Told(2)])
    }
}
