/// Where a server is and how sessions with it are set up.
package struct ConnectionTarget: Sendable {
    /// A libpq connection string: `postgresql://…` or `key=value …`.
    package var url: String
    /// What the sessions call themselves in `pg_stat_activity`.
    package var applicationName: String
    /// How long an attempt to connect may take; whole seconds, at least 2 (libpq's resolution).
    package var connectTimeout: Duration
    /// How long a request may take once it was sent. Beyond it the socket is closed and the request fails with
    /// `PostgresError.connectionLost`. The server is asked to cancel only where `cancelsUnawaited`: a commit that waits
    /// must not be cancelled.
    package var requestTimeout: Duration?
    /// How long the server works on one statement; beyond it the server refuses it with SQLSTATE 57014. It does not count
    /// the time that a commit waits for a replica. nil for as long as the request may take.
    package var statementTimeout: Duration?
    /// Whether a statement is cancelled when nobody waits for its rows any more: its task was cancelled, or its time is
    /// over. For sessions that only read.
    package var cancelsUnawaited = false
    /// How long a statement waits for a lock that another session holds; beyond it the server refuses it with SQLSTATE
    /// 55P03. nil for as long as the request may take.
    package var lockTimeout: Duration?
    /// From which time on a statement is logged, with its text and without its values; nil for never.
    package var slowQuery: Duration?
    /// Finds out on which history of the database each session is; nil where nothing is remembered of it.
    package var history: History?

    package init(
        _ url: String, applicationName: String = "footfall", connectTimeout: Duration = .seconds(5),
        requestTimeout: Duration? = .seconds(30)
    ) {
        self.url = url
        self.applicationName = applicationName
        self.connectTimeout = connectTimeout
        self.requestTimeout = requestTimeout
    }

    package func named(_ applicationName: String, requestTimeout: Duration? = .seconds(30)) -> ConnectionTarget {
        var target = self
        target.applicationName = applicationName
        target.requestTimeout = requestTimeout
        return target
    }

    package func waitingForLocks(atMost time: Duration) -> ConnectionTarget {
        var target = self
        target.lockTimeout = time
        return target
    }

    package func limitingStatements(to time: Duration) -> ConnectionTarget {
        var target = self
        target.statementTimeout = time
        return target
    }

    package func cancellingUnawaited() -> ConnectionTarget {
        var target = self
        target.cancelsUnawaited = true
        return target
    }

    package func loggingQueries(from time: Duration) -> ConnectionTarget {
        var target = self
        target.slowQuery = time
        return target
    }
}
