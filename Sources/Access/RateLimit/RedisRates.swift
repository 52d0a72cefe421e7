/// What users have asked for, in a Redis server that several processes share, by the server's clock.
///
/// Each request is decided by one run of a script, which nothing comes between. Keys vanish by themselves once their
/// users have everything left.
package actor RedisRates {
    private static let script = """
        local time = redis.call('time')
        local now = time[1] * 1000000 + time[2]
        local interval, depth = tonumber(ARGV[1]), tonumber(ARGV[2])
        local empty_at = tonumber(redis.call('get', KEYS[1]) or '0')
        if empty_at < now then empty_at = now end
        if ARGV[3] == 'back' then interval = -interval end
        local next = empty_at + interval
        if next - now > depth then return {0, empty_at - now} end
        if next > now then
            redis.call('set', KEYS[1], string.format('%.0f', next), 'px', math.ceil((next - now) / 1000))
        else
            redis.call('del', KEYS[1])
        end
        return {1, next - now}
        """

    private let target: RedisTarget
    private var session: (RedisSession, hash: String)?
    private var opening: Task<Result<(RedisSession, hash: String), RedisSession.Failure>, Never>?

    package init(_ target: RedisTarget) { self.target = target }

    /// Connects where there is no connection.
    package func take(_ key: String, _ limit: RateLimit) async throws -> RateLimit.Decision {
        let answer = try await run(key, limit, "take")
        return limit.decision(isAllowed: answer[0] == 1, leftOver: answer[1])
    }

    /// Gives one request back.
    package func giveBack(_ key: String, _ limit: RateLimit) async throws { _ = try await run(key, limit, "back") }

    private func run(_ key: String, _ limit: RateLimit, _ action: String) async throws -> [Int64] {
        let (session, hash) = try await current()
        do throws(RedisSession.Failure) {
            let answer = try await session.send([
                "EVALSHA", hash, "1", "footfall:rate:" + key, String(limit.interval), String(limit.depth), action,
            ])
            guard answer.count == 2 else { throw RedisSession.Failure(description: "an answer of an unexpected kind") }
            return answer
        } catch {
            // A server that was restarted does not know the script; a new session loads it.
            session.close()
            if self.session?.0 === session { self.session = nil }
            throw error
        }
    }

    /// Ends the connection; one is made again when it is needed.
    package func close() {
        session?.0.close()
        session = nil
    }

    private func current() async throws(RedisSession.Failure) -> (RedisSession, hash: String) {
        if let session { return session }
        if let opening { return try await opening.value.get() }
        let task = Task { [target] () -> Result<(RedisSession, hash: String), RedisSession.Failure> in
            do throws(RedisSession.Failure) {
                return .success(try await RedisSession.open(target, script: Self.script))
            } catch {
                return .failure(error)
            }
        }
        opening = task
        let opened = await task.value
        opening = nil
        if case .success(let made) = opened { session = made }
        return try opened.get()
    }
}
