/// Where a server is and how sessions with it are set up.
package struct ConnectionTarget: Sendable {
    /// A libpq connection string: `postgresql://…` or `key=value …`.
    package var url: String
    /// What the sessions call themselves in `pg_stat_activity`.
    package var applicationName: String
    /// How long an attempt to connect may take; whole seconds, at least 2 (libpq's resolution).
    package var connectTimeout: Duration
    /// How long a request may take once it was sent. Beyond it the socket is closed and the request fails with
    /// `PostgresError.connectionLost`; the server is not asked to cancel, for a commit that waits must not be cancelled.
    package var requestTimeout: Duration?
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

    package func loggingQueries(from time: Duration) -> ConnectionTarget {
        var target = self
        target.slowQuery = time
        return target
    }
}
