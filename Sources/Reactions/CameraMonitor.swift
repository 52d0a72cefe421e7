import Counting
import EventSourcing
import Logging
import Postgres
import Resilience

/// Looks after the cameras that are monitored: every 30 seconds, those that are not to run, and those that are and that
/// nothing was heard of for as long as a heartbeat vouches.
///
/// Where a camera's worker is heard, the worker reports its status, and one in maintenance is not looked at.
///
/// This is no `Reaction`: what it acts on is that nothing was said, of which no event tells, and the time that has
/// passed, which a pure function of events cannot know. So it looks at read models by the clock, and has no position in
/// the log. What it has in common with reactions is shared: one process at a time does it, and its stops are shown as
/// theirs are. What it says twice changes nothing, since a command decides over the camera's state.
package struct CameraMonitor: Sendable {
    /// A camera that no worker tells of, as the read model knows it.
    package struct Suspect: Hashable, Sendable {
        package let id: CameraID
        /// By the last word on it.
        package let status: CameraStatus
        package let desiredState: DesiredState

        package init(id: CameraID, status: CameraStatus, desiredState: DesiredState) {
            self.id = id
            self.status = status
            self.desiredState = desiredState
        }
    }

    /// What a check finds: the status of the camera, and the reason.
    package struct Finding: Hashable, Sendable {
        package let status: CameraStatus
        package let reason: Reason?

        package init(_ status: CameraStatus, reason: Reason?) {
            self.status = status
            self.reason = reason
        }
    }

    /// Looks at a camera, in bounded time; nil where nothing can be said.
    package typealias Check = @Sendable (Suspect) async -> Finding?

    package static let interval = Duration.seconds(30)
    static let name: ReactionName = "camera_monitor"

    static let metadata = EventMetadata(actor: EventMetadata.ownActor)
    private static let pageSize = 500
    private static let checksAtATime = 4

    private let target: ConnectionTarget
    private let handler: CommandHandler<Camera>
    private let check: Check
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameter clock: paces the rounds.
    package init(
        _ log: any EventLog, on target: ConnectionTarget, clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger, check: @escaping Check = CameraMonitor.silence
    ) {
        self.target = target.named("footfall monitor")
        handler = CommandHandler(log: log)
        self.check = check
        self.clock = clock
        self.logger = logger
    }

    /// Looks at nothing: says of a camera that is to run and was online that it is in error, since nobody has heard of
    /// it.
    package static let silence: Check = { suspect in
        guard suspect.desiredState == .running, suspect.status == .online else { return nil }
        return Finding(.error, reason: unheard)
    }

    /// Why a camera that should run is in error although its stream may be there.
    static let unheard = Reason(
        stored: "nothing was heard of it for \(Heartbeat.vouching.components.seconds) seconds")

    /// Returns when its task is cancelled. What fails is retried.
    package func run() async {
        await Backoff.retrying(longest: .seconds(10)) {
            let connection = try await Connection.open(target, logger: logger)
            defer { connection.close() }
            let checkpoint = ReactionCheckpoint(reaction: Self.name, connection: connection)
            try await checkpoint.registerWithoutPosition()
            let turn = ReactionTurn(reaction: Self.name, connection: connection)
            do { try await takeRounds(turn, checkpoint) } catch {
                if isLasting(error) { _ = try await checkpoint.fail("\(error)", at: nil) }
                throw error
            }
        } onError: {
            guard FailureNotices.shared.isDue("\($0)") else { return }
            logger.warning("monitoring cameras failed; will retry", metadata: ["reason": "\($0)"])
        }
    }

    /// Ends by throwing only.
    private func takeRounds(_ turn: ReactionTurn, _ checkpoint: ReactionCheckpoint) async throws {
        var isChosen = try await turn.take()
        do {
            while true {
                try await clock.sleep(for: Self.interval)
                if !isChosen { isChosen = try await turn.take() }
                guard isChosen else { continue }
                try await turn.show()
                try await round(on: turn.connection)
                try await checkpoint.recover()
            }
        } catch is CancellationError {
            if isChosen { try await turn.giveUp() }
            throw CancellationError()
        }
    }

    static let suspects = SQLQuery(
        "suspects_of_monitor",
        """
        select camera_id, status, desired_state, is_heard
        from (
          select
            camera_id, camera.status, desired_state, set_status, desired_state = 'running' and not is_silent(silent_since)
              as is_heard
          from read.camera_state as camera
          join read.camera_heard as heard using (camera_id)
          where monitoring and not removed and camera.status <> 'maintenance' and camera_id > :after
        ) as monitored
        -- One that is heard online again after something else was set.
        where not is_heard or status = 'online' and set_status = 'error'
        order by camera_id
        limit \(pageSize)
        """, parameters: ["after": .integer],
        columns: ["camera_id": .integer, "status": .text, "desired_state": .text, "is_heard": .bool])

    /// One look at all that are monitored.
    package func round(on connection: Connection) async throws {
        var last: Int64 = 0
        while !Task.isCancelled {
            let rows = try await connection.query(Self.suspects, ["after": .integer(last)])
            let suspects = try rows.map { row in (try Suspect(row), isHeard: try row.bool("is_heard")) }
            await withTaskGroup(of: Void.self) { group in
                for (index, (suspect, isHeard)) in suspects.enumerated() {
                    if index >= Self.checksAtATime { await group.next() }
                    group.addTask { await look(at: suspect, isHeard) }
                }
            }
            guard suspects.count == Self.pageSize, let end = suspects.last?.0.id.number else { return }
            last = end
        }
    }

    private func look(at suspect: Suspect, _ isHeard: Bool) async {
        // A worker that was out of reach and came back does not know what was said of its cameras meanwhile: it is put
        // down in the camera's history that it is heard again.
        let finding = isHeard ? Finding(.online, reason: Reason(stored: "its worker is heard")) : await check(suspect)
        guard let finding, isHeard || finding.status != suspect.status else { return }
        do throws(CommandError<Camera.Rejection>) {
            _ = try await handler.handle(
                .setStatus(finding.status, reason: finding.reason, by: .server), on: suspect.id.stream,
                metadata: Self.metadata)
        } catch {
            // Removed meanwhile, or in maintenance: then it is no longer this one's to say.
            logger.debug(
                "a monitored camera's status was not set", metadata: ["camera": "\(suspect.id)", "reason": "\(error)"])
        }
    }
}

extension CameraMonitor.Suspect {
    fileprivate init(_ row: Row) throws {
        let id = try row.integer("camera_id")
        guard let status = CameraStatus(exactly: try row.text("status")),
            let desiredState = DesiredState(exactly: try row.text("desired_state"))
        else { throw PostgresError.decoding(reason: "camera \(id) has a status that is not known") }
        self.init(id: try CameraID(id), status: status, desiredState: desiredState)
    }
}
