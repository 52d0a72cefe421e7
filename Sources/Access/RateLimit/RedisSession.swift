internal import CHiredis
import Foundation

/// One session with a Redis server, on a thread of its own: hiredis blocks.
///
/// Commands are sent together as they come, and answered in their order. A session that has failed is over.
///
/// `@unchecked Sendable`: what several threads touch (`queue`, `isOver`) is guarded by `condition`; hiredis' context is
/// the thread's alone.
final class RedisSession: @unchecked Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    typealias Command = [String]
    /// The whole numbers of the answer.
    typealias Answer = Result<[Int64], Failure>

    private static let commandsAtOnce = 512
    private static let maximumWaiting = 10_000

    private let condition = NSCondition()
    private var queue: [(command: Command, reply: CheckedContinuation<Answer, Never>)] = []
    private var isOver = false

    private init() {}

    /// - Parameter script: Lua that the commands may run by its hash.
    /// - Returns: the session, and the script's hash.
    static func open(_ target: RedisTarget, script: String) async throws(Failure) -> (RedisSession, hash: String) {
        let session = RedisSession()
        let opened: Result<String, Failure> = await withCheckedContinuation { continuation in
            let thread = Thread {
                // hiredis writes to the socket also where the server has closed it: that is an error, not the end.
                var signals = sigset_t()
                sigemptyset(&signals)
                sigaddset(&signals, SIGPIPE)
                pthread_sigmask(SIG_BLOCK, &signals, nil)
                do throws(Failure) {
                    let context = try Context(target)
                    let hash = try context.load(script)
                    continuation.resume(returning: .success(hash))
                    session.run(on: context)
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            thread.name = "redis"
            thread.start()
        }
        return (session, try opened.get())
    }

    func send(_ command: Command) async throws(Failure) -> [Int64] {
        let answer: Answer = await withCheckedContinuation { continuation in
            condition.lock()
            let isRefused = isOver || queue.count >= Self.maximumWaiting
            if !isRefused {
                queue.append((command, continuation))
                condition.signal()
            }
            condition.unlock()
            if isRefused { continuation.resume(returning: .failure(Failure(description: "the session is over"))) }
        }
        return try answer.get()
    }

    /// Ends the session once what is under way has been answered.
    func close() {
        condition.lock()
        isOver = true
        condition.signal()
        condition.unlock()
    }

    private func run(on context: Context) {
        while let batch = nextBatch() {
            do throws(Failure) {
                for (command, _) in batch { try context.append(command) }
            } catch {
                end(error, batch[...])
                return
            }
            for index in batch.indices {
                do throws(Failure) {
                    let answer = try context.answer()
                    batch[index].reply.resume(returning: .success(answer))
                } catch {
                    end(error, batch[index...])
                    return
                }
            }
        }
    }

    /// Waits for commands; nil once the session is over.
    private func nextBatch() -> [(command: Command, reply: CheckedContinuation<Answer, Never>)]? {
        condition.lock()
        defer { condition.unlock() }
        while queue.isEmpty && !isOver { condition.wait() }
        if queue.isEmpty { return nil }
        let batch = Array(queue.prefix(Self.commandsAtOnce))
        queue.removeFirst(batch.count)
        return batch
    }

    private func end(
        _ failure: Failure, _ batch: ArraySlice<(command: Command, reply: CheckedContinuation<Answer, Never>)>
    ) {
        condition.lock()
        isOver = true
        let waiting = queue
        queue = []
        condition.unlock()
        for (_, reply) in batch + waiting { reply.resume(returning: .failure(failure)) }
    }

    /// hiredis' connection; the thread's own.
    private final class Context {
        private let context: UnsafeMutablePointer<redisContext>

        init(_ target: RedisTarget) throws(Failure) {
            let timeout = timeval(target.timeout)
            let made =
                switch target.place {
                case .host(let host, let port): redisConnectWithTimeout(host, port, timeout)
                case .socket(let path): redisConnectUnixWithTimeout(path, timeout)
                }
            guard let made else { throw Failure(description: "out of memory") }
            context = made
            try check(made.pointee.err == 0)
            try check(redisSetTimeout(made, timeout) == REDIS_OK)
            if let password = target.password {
                try order(target.user.map { ["AUTH", $0, password] } ?? ["AUTH", password])
            }
            if target.database != 0 { try order(["SELECT", String(target.database)]) }
        }

        deinit { redisFree(context) }

        func load(_ script: String) throws(Failure) -> String {
            try append(["SCRIPT", "LOAD", script])
            return try reply { reply in
                guard reply.type == REDIS_REPLY_STRING, let text = reply.str else { return nil }
                return String(cString: text)
            }
        }

        func append(_ command: Command) throws(Failure) {
            let words = command.map { Array($0.utf8) }
            let lengths = words.map(\.count)
            // hiredis copies the words.
            let all = words.flatMap(\.self)
            let status = all.withUnsafeBufferPointer { bytes in
                bytes.withMemoryRebound(to: CChar.self) { bytes in
                    var offset = 0
                    var pointers: [UnsafePointer<CChar>?] = lengths.map { length in
                        defer { offset += length }
                        return bytes.baseAddress.map { $0 + offset }
                    }
                    return redisAppendCommandArgv(context, Int32(words.count), &pointers, lengths)
                }
            }
            try check(status == REDIS_OK)
        }

        func answer() throws(Failure) -> [Int64] {
            try reply { reply in
                guard reply.type == REDIS_REPLY_ARRAY, let elements = reply.element else { return nil }
                var numbers: [Int64] = []
                for index in 0..<Int(reply.elements) {
                    guard let element = elements[index], element.pointee.type == REDIS_REPLY_INTEGER else { return nil }
                    numbers.append(Int64(element.pointee.integer))
                }
                return numbers
            }
        }

        private func order(_ command: Command) throws(Failure) {
            try append(command)
            _ = try reply { $0.type == REDIS_REPLY_STATUS ? () : nil }
        }

        private func reply<Value>(_ read: (redisReply) -> Value?) throws(Failure) -> Value {
            var pointer: UnsafeMutableRawPointer?
            try check(redisGetReply(context, &pointer) == REDIS_OK)
            guard let pointer else { throw Failure(description: "no answer") }
            defer { freeReplyObject(pointer) }
            let reply = pointer.assumingMemoryBound(to: redisReply.self).pointee
            if let value = read(reply) { return value }
            // The server's errors name neither user nor password.
            let text = reply.type == REDIS_REPLY_ERROR ? reply.str.map { String(cString: $0) } : nil
            throw Failure(description: text ?? "an answer of an unexpected kind")
        }

        private func check(_ isGood: Bool) throws(Failure) {
            if isGood { return }
            let text = withUnsafeBytes(of: context.pointee.errstr) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            throw Failure(description: text.isEmpty ? "the connection failed" : text)
        }
    }
}

extension timeval {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}
