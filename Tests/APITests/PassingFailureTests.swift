import EventSourcing
import Foundation
import TestSupport
import Testing

@testable import Postgres

/// What is answered while the database cannot do what is asked, though it is there.
@Suite(.timeLimit(.minutes(5))) struct PassingFailureTests {
    /// Makes appends fail at their commit, as a full disk or NOTIFY queue does.
    private func refusingCommits(_ code: String) -> String {
        """
        create function refuse() returns trigger language plpgsql as $$
        begin raise exception 'not now' using errcode = '\(code)'; end
        $$;
        create constraint trigger refuse after insert or update on append_calls
        deferrable initially deferred for each row execute function refuse();
        """
    }

    @Test(arguments: ["25006", "40001", "53100", "53200", "53400", "54000", "55P03", "57014", "58030"])
    func whatTheDatabaseCannotDoNowIsUnavailableAndNoFaultOfTheServer(_ code: String) async throws {
        try await withAPI { api in
            try await api.register(CameraCommandTests.full)
            let other = try await Connection.open(try #require(api.target), logger: .silent)
            defer { other.close() }
            try await other.script(refusingCommits(code))
            let before = try await api.log.head()
            for answer in [
                try await api.post("/cameras", CameraCommandTests.full),
                try await api.post("/cameras/1/start"),
                try await api.post(
                    "/cameras/1/counts",
                    #"{"observed_at":"2026-03-29T12:00:00Z","line":"door","class":"person","count_in":1,"count_out":0}"#
                ),
            ] {
                answer.expectProblem(503, "database_unavailable")
                #expect(answer.headers[.retryAfter] != nil)
            }
            #expect(try await api.get("/cameras/1?min_position=1").status == 200)
            // What a check came to holds for a second.
            while try await api.get("/health/ready")["missing"] != ["log"] { await Task.yield() }
            #expect(try await api.log.head() == before)

            try await other.script("drop trigger refuse on append_calls")
            while try await api.get("/health/ready").status != 200 { await Task.yield() }
            #expect(try await api.post("/cameras/1/start").status == 200)
        }
    }

    /// A primary that was demoted, or a database that an administrator has closed to changes.
    @Test func aReadOnlyDatabaseIsReadAndTakesNoChanges() async throws {
        try await withAPI { api in
            try await api.register()
            var administration = try #require(api.target)
            let other = try await Connection.open(administration, logger: .silent)
            let name = try await other.query("select current_database()")[0].text(0)
            other.close()
            administration.url += " dbname=postgres"
            let server = try await Connection.open(administration, logger: .silent)
            defer { server.close() }
            try await server.query("alter database \(name) set default_transaction_read_only = on")
            try await server.query(
                "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = $1", [.text(name)])
            while try await api.get("/health/ready")["missing"] != ["log"] { await Task.yield() }
            let refused = try await api.post("/cameras/1/start")
            refused.expectProblem(503, "database_unavailable")
            #expect(try await api.get("/cameras/1").status == 200)
        }
    }

    @Test func aProcessOfNoUseIsNotLive() async throws {
        try await withCommands { api in
            #expect(try await api.get("/health/live").status == 200)
            let liveness = try #require(api.backend?.liveness)
            liveness.set(fault: "the embedded database does not start")
            try await api.get("/health/live").expectProblem(503, "not_ready")
            liveness.set(fault: nil)
            #expect(try await api.get("/health/live").status == 200)
        }
    }
}
