import Counting
import EventSourcing
import Postgres
import Projector
import Resilience
import UseCases

/// Reads the schema `read` and says how fresh the answer is.
struct ReadModels: Sendable {
    private(set) var pool: Pool
    let checkpoints: Checkpoints
    /// What the read models are made of.
    let log: any EventLog
    /// The cameras as the log has them.
    let cameras: CommandHandler<Camera>
    /// How long a read waits for the position that it asks for.
    let positionTimeout: Duration
    private(set) var shared: SharedReads
    private let waiters: Semaphore

    /// - Parameter maximumWaiting: how many reads wait for a position at a time, 64 of them of one user; others are refused.
    init(
        pool: Pool, checkpoints: Checkpoints, log: any EventLog, positionTimeout: Duration, maximumWaiting: Int = 1024
    ) {
        self.pool = pool
        self.checkpoints = checkpoints
        self.log = log
        cameras = CommandHandler(log: log, cache: StateCache(capacity: 10_000))
        self.positionTimeout = positionTimeout
        shared = SharedReads(pool: pool)
        waiters = Semaphore(maximumWaiting, ofUser: min(maximumWaiting, 64))
    }

    /// The same, read through another pool.
    func through(_ pool: Pool) -> ReadModels {
        var others = self
        others.pool = pool
        others.shared = SharedReads(pool: pool)
        return others
    }

    /// Runs a statement with the column `position`: the least that its read models reflect.
    ///
    /// Reads again once the read models are there where they have not come to `minimum` yet.
    /// - Throws: `Problem` where they are not there in time.
    func read(
        _ models: [ReadModel], atLeast minimum: Int64?, _ query: SQLQuery,
        _ values: KeyValuePairs<String, Parameter> = [:]
    ) async throws -> Row {
        try await read(models, atLeast: minimum, query.statement(values))
    }

    func read(_ models: [ReadModel], atLeast minimum: Int64?, _ statement: Statement) async throws -> Row {
        try await read(models, atLeast: minimum) { () throws(PostgresError) in
            try await shared.query(statement).first
        }
    }

    /// The row of one key, which is looked up together with the keys of others.
    /// - Parameters:
    ///   - query: has the columns `position` and `key`, for each key in its parameter `keys`.
    ///   - values: of its other parameters.
    func read(
        _ models: [ReadModel], atLeast minimum: Int64?, of key: Int64, _ query: SQLQuery,
        _ values: [(key: String, value: Parameter)]
    ) async throws -> Row {
        try await read(models, atLeast: minimum) { () throws(PostgresError) in
            try await shared.row(of: key, by: query, values)
        }
    }

    private func read(
        _ models: [ReadModel], atLeast minimum: Int64?, _ ask: () async throws(PostgresError) -> Row?
    ) async throws -> Row {
        func row() async throws -> Row {
            guard let row = try await ask(), try !row.isNull("position") else { throw Self.notReady }
            return row
        }
        let now = try await row()
        guard let minimum, try now.position < minimum else { return now }
        let isReached = try await wait(for: models, toReach: minimum, from: try now.position)
        let later = try await row()
        guard isReached, try later.position >= minimum else { throw try await behind(try later.position, minimum) }
        return later
    }

    /// Waits until the read models reflect a position of the log.
    /// - Throws: `Problem` where they do not in time.
    func reach(_ position: Int64, by models: [ReadModel] = [.cameraState]) async throws {
        _ = try await read(models, atLeast: position, Statement("select \(Self.position(of: models)) as position"))
    }

    /// How far ahead of the log's end a position is not waited for: more than is appended while a read waits.
    private static let farAhead: Int64 = 1_000_000

    /// Whether the read models reach a position in time.
    ///
    /// - Parameter position: where they are.
    /// - Throws: `Problem` where the log itself will not get there, or too many wait already.
    func wait(for models: [ReadModel], toReach minimum: Int64, from position: Int64) async throws -> Bool {
        if minimum - position > Self.farAhead {
            let head = try await head()
            if minimum - head > Self.farAhead { throw Self.beyond(head) }
        }
        guard let waiter = waiters.take(for: RequestPlace.user) else {
            throw Problem.passing(.overloaded, "Too many requests wait for a position to be reached; retry.")
        }
        defer { withExtendedLifetime(waiter) {} }
        return try await RequestPlace.left {
            try await UserTurns.left {
                await checkpoints.wait(for: models.map(\.rawValue), toReach: minimum, timeout: positionTimeout)
            }
        }
    }

    /// The log's last position.
    func head() async throws -> Int64 { try await log.head() }

    /// Makes sure that the log has the position that a command is to come after.
    func checkLog(reaches minimum: Int64) async throws {
        let head = try await head()
        if minimum > head { throw Self.beyond(head) }
    }

    private static func beyond(_ head: Int64) -> Problem {
        let rule = InvalidValue(.outOfRange, "The log ends at position \(head).")
        return .validationFailed([Fault(at: .parameter("min_position"), rule)])
    }

    static let notReady = Problem.passing(.notReady, "The read model is being built for the first time.")

    /// What to answer to who asked for a position that was not reached in time.
    func behind(_ position: Int64, _ minimum: Int64) async throws -> Problem {
        let head = try await head()
        if minimum > head { return Self.beyond(head) }
        return .passing(
            .readModelBehind, "Position \(minimum) was asked for and position \(position) is reached; retry.",
            members: ["position": .integer(position)])
    }

    /// SQL for the least position that these read models reflect; null before the first build of one is ready.
    static func position(of models: ReadModel...) -> String { ReadModel.position(of: models) }

    static func position(of models: [ReadModel]) -> String { ReadModel.position(of: models) }

    /// SQL for the text of one JSON array: for each row of `table` the object that `select` makes of its columns.
    static func array(_ select: String, from table: String, orderedBy order: String) -> String {
        """
        (select '[' || coalesce(
          string_agg((select row_to_json(shown)::text from (\(select)) as shown), ',' order by \(order)), '') || ']'
         from \(table))
        """
    }
}

extension Row {
    /// What the read models reflect: a column of every statement here.
    var position: Int64 { get throws { try integer("position") } }
}

extension Query {
    /// The position that the answer must reflect at least, so that a program reads what it wrote: `min_position`, or
    /// what an earlier answer said in `Footfall-Position` and the request sends back; of both the later one.
    func minimumPosition() -> Field<Int64?> {
        let asked = optional("min_position", QueryRule.integer(in: 0...Int64.max))
        guard let seen = seenPosition() else { return asked }
        return asked.map { max($0 ?? 0, seen) }
    }
}
