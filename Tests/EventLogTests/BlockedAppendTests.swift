import EventLog
import EventSourcing
import TestSupport
import Testing

@testable import Postgres

/// What becomes of appends while another session holds a lock that they need.
@Suite(.timeLimit(.minutes(5))) struct BlockedAppendTests {
    @Test(arguments: ["select 1 from log_head for update", "lock table events in access exclusive mode"])
    func whoHoldsTheLockIsNamedAndNothingIsWritten(_ lock: String) async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withPostgresLog(target) { _, pool in
                let writer = Pool(
                    target.waitingForLocks(atMost: .milliseconds(1500)).named("footfall log"), size: 2, logger: .silent)
                defer { writer.close() }
                let log = PostgresEventLog(readers: pool, writer: writer)
                let holder = try await Connection.open(target.named("someone's psql"), logger: .silent)
                defer { holder.close() }
                let pid = try await holder.query("select pg_backend_pid()")[0].integer(0)
                try await holder.query("begin")
                try await holder.script(lock)
                let append = Append(to: "camera-1", events: [NewEvent(type: "Thing", data: [:])])
                var blocker: String?
                do { _ = try await log.append(append) } catch EventLogError.blocked(let by) { blocker = by }
                #expect(blocker?.hasPrefix("pid \(pid) (someone's psql, idle in transaction) holds ") == true)
                try await holder.query("rollback")
                #expect(try await log.head() == 0)
                #expect(try await log.append(append).appended?.positions == 1...1)
            }
        }
    }
}
