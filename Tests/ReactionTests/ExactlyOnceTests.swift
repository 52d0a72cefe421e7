import Counting
import EventSourcing
import Foundation
import Postgres
import ReactingProcess
import Synchronization
import TestSupport
import Testing

@testable import Reactions

/// What a reaction appends is there once for each event, whatever ends in the middle of it.
@Suite(.enabled(if: Tier.isWhole), .timeLimit(.minutes(5))) struct ExactlyOnceTests {
    @Test func eachEventIsActedOnOnceAndInOrder() async throws {
        try await Bench.with { bench in
            let effects = Mutex<[EffectID]>([])
            try await bench.ask(1...20)
            try await bench.running([Echo { _, id in effects.withLock { $0.append(id) } }]) {
                try await bench.ask(21...40)
                try await bench.waitsForEnd()
            }
            try await bench.expectAnswers(upTo: 40)
            let questions = try await bench.log.readAll("questions-1").map(\.position)
            #expect(
                effects.withLock(\.self) == questions.map { EffectID(reaction: "echo", position: $0, index: 0) })
            #expect(effects.withLock { "\($0[0])" } == "echo/1/0")
        }
    }

    @Test func whatIsAppendedSaysWhatItFollowsFrom() async throws {
        try await Bench.with { bench in
            var question = Echo.question(1)
            question.metadata = EventMetadata(actor: "ana", correlationID: "c1")
            _ = try await bench.log.append(question)
            try await bench.running([Echo()]) { try await bench.waitsForEnd() }
            let answer = try #require(try await bench.log.readAll(Echo.answers).first)
            let metadata = try JSON.parse(answer.metadata)
            #expect(metadata["actor"] == "footfall")
            #expect(metadata["correlation_id"] == "c1")
            #expect(metadata["causation_id"] == "1")
            #expect(metadata["source"] == "reaction/echo")
            #expect(metadata["sequence"] == 1)
        }
    }

    /// It ends after the append and before the checkpoint moves, once for each of three events.
    @Test func whatEndsBetweenAppendAndCheckpointIsNotAppendedAgain() async throws {
        try await Bench.with { bench in
            let effects = Mutex<[Int64]>([])
            let log = InterruptedLog(bench.log, after: [2, 4, 7]) { try? await bench.endSession() }
            try await bench.ask(1...10)
            try await bench.running([Echo { number, _ in effects.withLock { $0.append(number) } }], on: log) {
                try await bench.waitsForEnd()
            }
            try await bench.expectAnswers(upTo: 10)
            // To the world it is done at least once. The third append is the second event's again, the sixth the third's.
            #expect(effects.withLock(\.self) == [1, 2, 2, 3, 3, 4, 5, 5, 6, 7, 8, 9, 10])
        }
    }

    @Test func sessionsThatEndAtAnyTimeCostNothing() async throws {
        try await Bench.with { bench in
            try await bench.running([Echo()]) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await bench.ask(1...200) }
                    for position in stride(from: Int64(20), through: 200, by: 30) {
                        try await bench.waits { $0.position >= position }
                        try await bench.endSession()
                    }
                    try await group.waitForAll()
                }
                try await bench.waitsForEnd()
            }
            try await bench.expectAnswers(upTo: 200)
        }
    }

    @Test func aKilledProcessLeavesNothingUndoneOrDoneTwice() async throws {
        try await Bench.with { bench in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await bench.ask(1...300) }
                for life in Int64(1)...5 {
                    let process = try Self.reactingProcess(bench.target)
                    try await bench.waits { $0.position >= 100 * life }
                    kill(process.processIdentifier, SIGKILL)
                    process.waitUntilExit()
                }
                try await group.waitForAll()
            }
            try await bench.running([Echo()]) { try await bench.waitsForEnd() }
            try await bench.expectAnswers(upTo: 300)
        }
    }

    private static func reactingProcess(_ target: ConnectionTarget) throws -> Process {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        process.executableURL = URL(filePath: own).deletingLastPathComponent().appending(path: "ReactingProcess")
        process.arguments = [target.url]
        // It ends when this process does: then its input does.
        let input = Pipe()
        _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.standardInput = input
        try process.run()
        return process
    }
}

/// A log of which some appends of a reaction are followed by something, before their outcome is known.
private final class InterruptedLog: EventLog {
    private let log: any EventLog
    private let interrupted: Set<Int>
    private let interrupt: @Sendable () async -> Void
    private let count = Mutex(0)

    /// - Parameter interrupted: which appends, from 1.
    init(_ log: any EventLog, after interrupted: Set<Int>, _ interrupt: @escaping @Sendable () async -> Void) {
        self.log = log
        self.interrupted = interrupted
        self.interrupt = interrupt
    }

    func append(_ appends: [Append]) async throws(EventLogError) -> [AppendOutcome] {
        let outcomes = try await log.append(appends)
        let number = count.withLock { count in
            count += 1
            return count
        }
        if interrupted.contains(number) { await interrupt() }
        return outcomes
    }

    func read(_ stream: StreamName, after version: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        try await log.read(stream, after: version, limit: limit)
    }

    func read(after position: Int64, limit: Int) async throws(EventLogError) -> [RecordedEvent] {
        try await log.read(after: position, limit: limit)
    }

    func head() async throws(EventLogError) -> Int64 { try await log.head() }
}
