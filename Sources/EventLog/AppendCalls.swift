import EventSourcing
import Postgres
import Resilience
import Synchronization

/// Makes calls of the append function, each under a key of its own, and repeats under that key those whose answer was
/// lost: so what became of them is found out, whatever they append.
struct AppendCalls: Sendable {
    private let pool: Pool
    private let patience: Duration
    private let nextKey: NextKey

    /// Keys of calls that follow one another; the table keeps a writer's last call only.
    private final class NextKey: Sendable {
        private let state = Mutex(AppendCall.Key(writer: .random(in: .min ... .max), number: 0))

        func take() -> AppendCall.Key {
            state.withLock { key in
                key = AppendCall.Key(writer: key.writer, number: key.number + 1)
                return key
            }
        }

        /// Leaves the last call to be the last one of its writer.
        func changeWriter() {
            state.withLock { $0 = AppendCall.Key(writer: .random(in: .min ... .max), number: 0) }
        }
    }

    init(on pool: Pool, patience: Duration) {
        self.pool = pool
        self.patience = patience
        nextKey = NextKey()
    }

    /// Not to be called again before it returns; the resolution of what was lost may go on meanwhile.
    func write(_ appends: [Append]) async -> GroupCommit.Written {
        let call = AppendCall(appends, key: nextKey.take())
        do {
            return .known(.success(try await call.run(on: pool, isRepetition: false)))
        } catch is HistoryChanged {
            return .known(.failure(.historyChanged))
        } catch {
            switch error as? PostgresError {
            case .connectionLost(let reason):
                nextKey.changeWriter()
                return .lost { await resolve(call, reason: reason) }
            case .overloaded, .abandoned: return .known(.failure(.overloaded))
            case .unreachable(let reason), .full(let reason):
                return .known(.failure(.unavailable(reason: reason)))
            case .server where (error as? PostgresError)?.isLockTimeout == true:
                return .known(.failure(.blocked(by: await BlockingSession.inTheWay(of: pool))))
            case .server(let error) where error.sqlState == SQLState.requestTakenOver:
                return .known(.failure(.superseded))
            case .server(let error) where error.fault == .database:
                return .known(.failure(.unavailable(reason: "\(error)")))
            case .server, nil: return .known(.failure(.storage(reason: "\(error)")))
            // There is an answer, so it was committed, but not one that can be read.
            case .decoding(let reason): return .known(.failure(.unknownOutcome(reason: reason)))
            }
        }
    }

    /// Repeats the call until it is answered. No error of a repetition says anything about the call before it.
    private func resolve(_ call: AppendCall, reason: String) async -> GroupCommit.Outcome {
        let end = ContinuousClock.now + patience
        var backoff = Backoff(first: .milliseconds(20), longest: .seconds(1))
        while true {
            do { return .success(try await call.run(on: pool, isRepetition: true)) } catch is HistoryChanged {
                return .failure(.historyChanged)
            } catch {
                let pause = backoff.next()
                if ContinuousClock.now + pause > end { return .failure(.unknownOutcome(reason: reason)) }
                try? await Task.sleep(for: pause)  // runs in a task that nobody cancels
            }
        }
    }
}
