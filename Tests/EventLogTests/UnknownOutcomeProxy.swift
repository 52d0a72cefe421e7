import Foundation
import Synchronization
import TestSupport

@testable import Postgres

/// A Unix socket before a test's server that loses what it is told to lose.
final class LosingProxy: Sendable {
    enum Loss: CaseIterable {
        /// The next request does not reach the server.
        case request
        /// The answer to the next request does not come back, though the server has done with it.
        case answer
    }

    private struct State {
        var next: Loss?
        var goesDown = false
        var isDown = false
        var isEnded = false
        var connections: Set<Int32> = []
    }

    private let folder: URL
    private let server: String
    private let listener: Int32
    private let state = Mutex(State())

    /// Lends a proxy before the server of `target`, and the target that leads through it.
    static func with<Value>(
        _ target: ConnectionTarget, _ body: (LosingProxy, ConnectionTarget) async throws -> Value
    ) async throws -> Value {
        let connection = try await Connection.open(target, logger: .silent)
        let folder = try await connection.query("select current_setting('unix_socket_directories')")[0].text(0)
        connection.close()
        let proxy = try LosingProxy(server: folder + "/.s.PGSQL.5432")
        defer { proxy.end() }
        var detour = target
        detour.url += " host=\(proxy.folder.path)"
        return try await body(proxy, detour)
    }

    private init(server: String) throws {
        self.server = server
        folder = URL(filePath: "/tmp/footfall-proxy-\(UUID().uuidString.prefix(8).lowercased())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let path = folder.appending(path: ".s.PGSQL.5432").path
        guard withAddress(of: path, { bind(listener, $0, $1) }) == 0, listen(listener, 100) == 0 else {
            throw CocoaError(.fileWriteUnknown)
        }
        Thread.detachNewThread { self.accept() }
    }

    /// From now on, loses one request or answer and the connection with it.
    /// - Parameter goesDown: whether no connection can be made after that.
    func lose(_ loss: Loss, goesDown: Bool = false) {
        state.withLock { state in
            state.next = loss
            state.goesDown = goesDown
        }
    }

    var isDown: Bool { state.withLock { $0.isDown } }

    /// Whether all connections break and none can be made.
    func setDown(_ isDown: Bool) {
        state.withLock { state in
            state.isDown = isDown
            if isDown { for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) } }
        }
    }

    private func end() {
        setDown(true)
        state.withLock { $0.isEnded = true }
        // Wakes the thread that accepts.
        let path = folder.appending(path: ".s.PGSQL.5432").path
        let knock = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        _ = withAddress(of: path) { connect(knock, $0, $1) }
        close(knock)
        try? FileManager.default.removeItem(at: folder)  // a folder that is left in /tmp harms nobody
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            if state.withLock({ $0.isEnded }) || client < 0 {
                close(client)
                close(listener)
                return
            }
            let upstream = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            let isAdmitted = state.withLock { state in
                if state.isDown { return false }
                state.connections.formUnion([client, upstream])
                return true
            }
            if isAdmitted, withAddress(of: server, { connect(upstream, $0, $1) }) == 0 {
                Thread.detachNewThread { self.relay(client, upstream) }
            } else {
                forget(client, upstream)
            }
        }
    }

    private func forget(_ client: Int32, _ upstream: Int32, wasLoss: Bool = false) {
        state.withLock { state in
            if wasLoss { state.isDown = state.goesDown }
            state.connections.subtract([client, upstream])
            close(client)
            close(upstream)
        }
    }

    private func relay(_ client: Int32, _ upstream: Int32) {
        var swallowed: [UInt8]?
        var isLost = false
        defer { forget(client, upstream, wasLoss: isLost || swallowed != nil) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var descriptors = [
            pollfd(fd: client, events: Int16(POLLIN), revents: 0),
            pollfd(fd: upstream, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&descriptors, 2, -1) > 0 {
            if descriptors[0].revents != 0 {
                let count = read(client, &buffer, buffer.count)
                if count <= 0 { return }
                let loss = state.withLock { state in
                    defer { state.next = nil }
                    return state.next
                }
                isLost = loss == .request
                if isLost { return }
                if loss == .answer { swallowed = [] }
                if !writeAll(upstream, buffer[..<count]) { return }
            }
            if descriptors[1].revents != 0 {
                let count = read(upstream, &buffer, buffer.count)
                if count <= 0 { return }
                if swallowed != nil {
                    swallowed?.append(contentsOf: buffer[..<count])
                    // ReadyForQuery, outside of any transaction.
                    if swallowed?.suffix(6) == [0x5A, 0, 0, 0, 5, 0x49] { return }
                } else if !writeAll(client, buffer[..<count]) {
                    return
                }
            }
        }
    }

    private func writeAll(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

private func withAddress<Value>(
    of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
) -> Value {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
