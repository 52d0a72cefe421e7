import Foundation
import Synchronization
import TestSupport

@testable import Postgres

/// Stands before a server as a pooler does that has few sessions: it takes every client in, hands the first ones on, and
/// lets the others wait for the answer to their first request.
final class StallingServer: Sendable {
    private struct State {
        var sessions: Int
        var sockets: [Int32] = []
        var stalled = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
        var isEnded = false
    }

    private let folder: URL
    private let upstream: String
    private let listener: Int32
    private let state: Mutex<State>

    /// Lends a target that leads through it to the server of `target`.
    /// - Parameter sessions: how many clients it hands on.
    static func with<Value>(
        before target: ConnectionTarget, sessions: Int, _ body: (StallingServer, ConnectionTarget) async throws -> Value
    ) async throws -> Value {
        let connection = try await Connection.open(target, logger: .silent)
        let folder = try await connection.query("select current_setting('unix_socket_directories')")[0].text(0)
        connection.close()
        let server = try StallingServer(before: folder + "/.s.PGSQL.5432", sessions: sessions)
        defer { server.end() }
        var detour = target
        detour.url += " host=\(server.folder.path)"
        return try await body(server, detour)
    }

    private init(before upstream: String, sessions: Int) throws {
        self.upstream = upstream
        state = Mutex(State(sessions: sessions))
        folder = URL(filePath: "/tmp/footfall-stall-\(UUID().uuidString.prefix(8).lowercased())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let path = folder.appending(path: ".s.PGSQL.5432").path
        guard withAddress(of: path, { bind(listener, $0, $1) }) == 0, listen(listener, 100) == 0 else {
            throw CocoaError(.fileWriteUnknown)
        }
        Thread.detachNewThread { self.accept() }
    }

    /// Returns once a client has been taken in and is kept waiting.
    func hasStalled() async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.stalled == 0 { state.waiting.append(continuation) }
                return state.stalled > 0
            }
            if isDone { continuation.resume() }
        }
    }

    private func end() {
        state.withLock { state in
            state.isEnded = true
            for socket in state.sockets { shutdown(socket, Int32(SHUT_RDWR)) }
        }
        // Wakes the thread that accepts.
        let knock = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        _ = withAddress(of: folder.appending(path: ".s.PGSQL.5432").path) { connect(knock, $0, $1) }
        close(knock)
        try? FileManager.default.removeItem(at: folder)  // a folder in /tmp may stay
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            let isHandedOn: Bool? = state.withLock { state in
                if state.isEnded { return nil }
                state.sockets.append(client)
                state.sessions -= 1
                return state.sessions >= 0
            }
            guard let isHandedOn else {
                close(client)
                close(listener)
                return
            }
            Thread.detachNewThread {
                if isHandedOn { self.relay(client) } else { self.stall(client) }
                // Not closed: its number must not be another's when all are shut down. A test has few.
                shutdown(client, Int32(SHUT_RDWR))
            }
        }
    }

    /// Answers the greeting as a server that asks for no password and is ready, and nothing after that.
    private func stall(_ client: Int32) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        guard read(client, &buffer, buffer.count) > 0 else { return }
        let ready: [UInt8] = [0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5A, 0, 0, 0, 5, 0x49]
        guard write(client, ready, ready.count) == ready.count, read(client, &buffer, buffer.count) > 0 else { return }
        let waiting = state.withLock { state in
            state.stalled += 1
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
        while read(client, &buffer, buffer.count) > 0 {}
    }

    private func relay(_ client: Int32) {
        let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(server) }
        guard withAddress(of: upstream, { connect(server, $0, $1) }) == 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var descriptors = [
            pollfd(fd: client, events: Int16(POLLIN), revents: 0),
            pollfd(fd: server, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&descriptors, 2, -1) > 0 {
            for (from, to) in [(0, 1), (1, 0)] where descriptors[from].revents != 0 {
                let count = read(descriptors[from].fd, &buffer, buffer.count)
                // What tests send fits into a socket's buffer.
                guard count > 0, send(descriptors[to].fd, buffer, count, Int32(MSG_NOSIGNAL)) == count else { return }
            }
        }
    }
}

private func withAddress<Value>(of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
