import EventLog
import EventSourcing
import Synchronization
import Testing

/// How concurrent appends are gathered, over a store that ends each write when the test says so.
@Suite(.timeLimit(.minutes(5))) struct GroupCommitTests {
    private typealias Outcome = GroupCommit.Outcome

    /// Streams have numbers for names, and each append's outcome tells its stream's number.
    private actor Store {
        private var writes: [[Int64]] = []
        private var answers: [CheckedContinuation<EventLogError?, Never>] = []
        private var observers: [CheckedContinuation<[Int64], Never>] = []
        /// Appends to it are refused, along with all that is written with them.
        private let refused: Int64?

        init(refusing refused: Int64? = nil) { self.refused = refused }

        func write(_ appends: [Append]) async -> Outcome {
            let numbers = appends.compactMap { Int64($0.stream.rawValue) }
            if observers.isEmpty { writes.append(numbers) } else { observers.removeFirst().resume(returning: numbers) }
            let failure = await withCheckedContinuation { answers.append($0) }
            if let failure { return .failure(failure) }
            if let refused, numbers.contains(refused) { return .failure(.storage(reason: "refused")) }
            return .success(numbers.map { .conflict(actual: $0) })
        }

        /// The next batch that is written: its streams' numbers, in its order.
        func nextWrite() async -> [Int64] {
            if !writes.isEmpty { return writes.removeFirst() }
            return await withCheckedContinuation { observers.append($0) }
        }

        /// Ends the write that is under way.
        func answer(_ failure: EventLogError? = nil) { answers.removeFirst().resume(returning: failure) }

        /// Ends each of the next writes as soon as it comes, and returns what they were.
        func answerWrites(_ count: Int) async -> [[Int64]] {
            var batches: [[Int64]] = []
            for _ in 0..<count {
                batches.append(await nextWrite())
                while answers.isEmpty { await Task.yield() }
                answer()
            }
            return batches
        }
    }

    private func gathering(
        _ store: Store, writers: Int = 1, _ change: (inout GroupCommit.Limits) -> Void = { _ in }
    ) -> GroupCommit {
        var limits = GroupCommit.Limits()
        change(&limits)
        return GroupCommit(
            limits: limits, writers: Array(repeating: { .known(await store.write($0)) }, count: writers))
    }

    private func appends(_ numbers: some Sequence<Int64>, bytes: Int = 2, of user: String = "ana") -> [Append] {
        numbers.map {
            Append(
                to: StreamName("\($0)"),
                events: [NewEvent(type: "E", data: [UInt8](repeating: UInt8(ascii: " "), count: bytes))],
                metadata: EventMetadata(actor: user))
        }
    }

    private func outcome(of group: GroupCommit, _ appends: [Append]) async -> Outcome {
        do { return .success(try await group.append(appends)) } catch { return .failure(error) }
    }

    /// A call that has joined the queue when this returns.
    private func queue(_ appends: [Append], in group: GroupCommit) async -> Task<Outcome, Never> {
        let before = group.waitingAppends
        let task = Task { await outcome(of: group, appends) }
        while group.waitingAppends < before + appends.count { await Task.yield() }
        return task
    }

    /// A call of stream 0 that is being written when this returns.
    private func begin(_ group: GroupCommit, _ store: Store) async -> Task<Outcome, Never> {
        let task = Task { await outcome(of: group, appends([0])) }
        #expect(await store.nextWrite() == [0])
        return task
    }

    private func success(_ numbers: Int64...) -> Outcome { .success(numbers.map { .conflict(actual: $0) }) }

    @Test func whatArrivesWhileOneIsWrittenMakesUpTheNextInOrder() async {
        let store = Store()
        let group = gathering(store)
        let first = await begin(group, store)
        let second = await queue(appends([1]), in: group)
        let third = await queue(appends([2, 3]), in: group)
        let fourth = await queue(appends([4]), in: group)
        #expect(group.waitingAppends == 4)
        await store.answer()
        #expect(await store.nextWrite() == [1, 2, 3, 4])
        #expect(await first.value == success(0))
        #expect(group.waitingAppends == 0)
        await store.answer()
        #expect(await second.value == success(1))
        #expect(await third.value == success(2, 3))
        #expect(await fourth.value == success(4))
    }

    @Test func aBatchIsBoundedByTheNumberOfAppends() async {
        let store = Store()
        let group = gathering(store) { $0.appendsPerBatch = 3 }
        _ = await begin(group, store)
        for number in 1...4 { _ = await queue(appends([Int64(number)]), in: group) }
        // Never divided, and so alone.
        _ = await queue(appends(5...9), in: group)
        _ = await queue(appends([10]), in: group)
        await store.answer()
        #expect(await store.answerWrites(4) == [[1, 2, 3], [4], [5, 6, 7, 8, 9], [10]])
    }

    @Test func aBatchIsBoundedByItsBytes() async {
        let store = Store()
        let group = gathering(store) { $0.bytesPerBatch = 100 }
        _ = await begin(group, store)
        for number in 1...3 { _ = await queue(appends([Int64(number)], bytes: 40), in: group) }
        _ = await queue(appends([4], bytes: 1000), in: group)
        _ = await queue(appends([5], bytes: 40), in: group)
        await store.answer()
        #expect(await store.answerWrites(4) == [[1, 2], [3], [4], [5]])
    }

    @Test func aFullQueueRefusesAtOnceAndNoOther() async {
        let store = Store()
        let group = gathering(store) { $0.waitingAppends = 3 }
        let first = await begin(group, store)
        let second = await queue(appends([1, 2]), in: group)
        let refused = await outcome(of: group, appends([3, 4]))
        #expect(refused == .failure(.overloaded))
        let third = await queue(appends([5]), in: group)
        #expect(await outcome(of: group, appends([6])) == .failure(.overloaded))
        await store.answer()
        #expect(await store.nextWrite() == [1, 2, 5])
        let later = await queue(appends([7]), in: group)
        await store.answer()
        #expect(await store.nextWrite() == [7])
        await store.answer()
        #expect(await first.value == success(0))
        #expect(await second.value == success(1, 2))
        #expect(await third.value == success(5))
        #expect(await later.value == success(7))
    }

    @Test func usersTakeTurns() async {
        let store = Store()
        let group = gathering(store) { $0.appendsPerBatch = 3 }
        _ = await begin(group, store)
        for number in 1...6 { _ = await queue(appends([Int64(number)], of: "eve"), in: group) }
        for number in 7...8 { _ = await queue(appends([Int64(number)], of: "ben"), in: group) }
        _ = await queue(appends([9], of: "ana"), in: group)
        await store.answer()
        #expect(await store.answerWrites(3) == [[1, 7, 9], [2, 8, 3], [4, 5, 6]])
    }

    @Test func whoFillsTheQueueIsRefusedAndNobodyElse() async {
        let store = Store()
        let group = gathering(store) {
            $0.waitingAppends = 6
            $0.waitingAppendsOfOne = 4
            $0.waitingBytesOfOne = 1000
        }
        _ = await begin(group, store)
        _ = await queue(appends(1...4, of: "eve"), in: group)
        #expect(await outcome(of: group, appends([5], of: "eve")) == .failure(.overloaded))
        _ = await queue(appends([6], bytes: 900, of: "mallory"), in: group)
        #expect(await outcome(of: group, appends([7], bytes: 200, of: "mallory")) == .failure(.overloaded))
        _ = await queue(appends([8, 9], of: "ana"), in: group)
        // It is full by now; anyone who has nothing waiting gets in all the same.
        let late = await queue(appends([10], of: "ben"), in: group)
        #expect(await outcome(of: group, appends([11], of: "ben")) == .failure(.overloaded))
        await store.answer()
        #expect(await store.nextWrite() == [1, 2, 3, 4, 6, 8, 9, 10])
        await store.answer()
        #expect(await late.value == success(10))
        #expect(group.waitingAppends == 0)
    }

    @Test func aSecondWriterSetsOutOnceAsMuchWaitsAsIsUnderWay() async {
        let store = Store()
        let group = gathering(store, writers: 2)
        let first = Task { await outcome(of: group, appends(0...2)) }
        #expect(await store.nextWrite() == [0, 1, 2])
        let second = await queue(appends([3, 4]), in: group)
        #expect(group.waitingAppends == 2)
        let third = Task { await outcome(of: group, appends([5])) }
        #expect(await store.nextWrite() == [3, 4, 5])
        // Both are under way, and so all the rest waits, however much it is.
        let fourth = await queue(appends(6...20), in: group)
        await store.answer()
        #expect(await first.value == success(0, 1, 2))
        #expect(await store.nextWrite() == Array(6...20))
        await store.answer()
        #expect(await second.value == success(3, 4))
        #expect(await third.value == success(5))
        // What is less than what is under way waits for its end, although a writer is idle.
        let fifth = await queue(appends([21]), in: group)
        #expect(group.waitingAppends == 1)
        await store.answer()
        #expect(await fourth.value == .success((6...20).map { .conflict(actual: $0) }))
        #expect(await store.nextWrite() == [21])
        await store.answer()
        #expect(await fifth.value == success(21))
    }

    @Test func aCallThatTheStoreRefusesFailsNoOther() async {
        let store = Store(refusing: 2)
        let group = gathering(store)
        _ = await begin(group, store)
        let good = await queue(appends([1]), in: group)
        let bad = await queue(appends([2]), in: group)
        let alsoGood = await queue(appends([3]), in: group)
        await store.answer()
        #expect(await store.answerWrites(4) == [[1, 2, 3], [1], [2], [3]])
        #expect(await good.value == success(1))
        #expect(await bad.value == .failure(.storage(reason: "refused")))
        #expect(await alsoGood.value == success(3))
    }

    @Test(arguments: [EventLogError.unavailable(reason: "away"), .unknownOutcome(reason: "lost")])
    func whatIsNoFaultOfACallIsToldToAllAndTheNextBatchIsTried(_ failure: EventLogError) async {
        let store = Store()
        let group = gathering(store)
        _ = await begin(group, store)
        let one = await queue(appends([1]), in: group)
        let two = await queue(appends([2]), in: group)
        await store.answer()
        #expect(await store.nextWrite() == [1, 2])
        let three = await queue(appends([3]), in: group)
        await store.answer(failure)
        #expect(await one.value == .failure(failure))
        #expect(await two.value == .failure(failure))
        #expect(await store.answerWrites(1) == [[3]])
        #expect(await three.value == success(3))
    }
}
