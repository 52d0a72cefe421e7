import Glibc
import Synchronization

/// Finds the addresses of a name.
package struct NameResolver: Sendable {
    package enum Failure: Error {
        case notFound, timedOut
    }

    private let find: @Sendable (String) async throws(Failure) -> [IPAddress]

    /// - Parameter find: all addresses of a name, at least one.
    package init(_ find: @escaping @Sendable (String) async throws(Failure) -> [IPAddress]) { self.find = find }

    package func addresses(of name: String) async throws(Failure) -> [IPAddress] {
        let addresses = try await find(name)
        if addresses.isEmpty { throw .notFound }
        return addresses
    }

    /// The system's resolver (`getaddrinfo`), each call on a thread of its own. A call that takes longer than `timeout`,
    /// or whose task is cancelled, goes on by itself until the system gives up; with 32 such calls under way, further
    /// ones count as timed out.
    package static func system(timeout: Duration = .seconds(3)) -> NameResolver {
        NameResolver { (name: String) throws(Failure) in
            let answer = Answer()
            return try await withTaskCancellationHandler {
                let watch = Task {
                    try? await Task.sleep(for: timeout)  // cancelled when the answer is there
                    answer.give(.failure(.timedOut))
                }
                defer { watch.cancel() }
                return await answer.wait { lookUp(name, for: answer) }
            } onCancel: {
                answer.give(.failure(.timedOut))
            }.get()
        }
    }

    private static let underWay = Atomic<Int>(0)

    private static func lookUp(_ name: String, for answer: Answer) {
        guard underWay.wrappingAdd(1, ordering: .relaxed).newValue <= 32 else {
            underWay.wrappingSubtract(1, ordering: .relaxed)
            return answer.give(.failure(.timedOut))
        }
        let isStarted = Thread.start {
            answer.give(systemAddresses(of: name))
            underWay.wrappingSubtract(1, ordering: .relaxed)
        }
        if !isStarted {
            underWay.wrappingSubtract(1, ordering: .relaxed)
            answer.give(.failure(.timedOut))
        }
    }

    private static func systemAddresses(of name: String) -> Result<[IPAddress], Failure> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return .failure(.notFound) }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            guard let address = entry.pointee.ai_addr.flatMap(IPAddress.init(socketAddress:)) else { continue }
            if !addresses.contains(address) { addresses.append(address) }
        }
        return addresses.isEmpty ? .failure(.notFound) : .success(addresses)
    }
}

extension IPAddress {
    fileprivate init?(socketAddress: UnsafeMutablePointer<sockaddr>) {
        switch Int32(socketAddress.pointee.sa_family) {
        case AF_INET:
            self = socketAddress.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                IPAddress(v4: UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
            }
        case AF_INET6:
            self = socketAddress.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                withUnsafeBytes(of: address.pointee.sin6_addr) { bytes in
                    IPAddress(v6: bytes.reduce(0) { $0 << 8 | UInt128($1) })
                }
            }
        default: return nil
        }
    }
}

/// The first answer that somebody gives, for one who waits.
private final class Answer: Sendable {
    typealias Value = Result<[IPAddress], NameResolver.Failure>

    private enum State {
        case open
        case awaited(CheckedContinuation<Value, Never>)
        case given(Value)
    }

    private let state = Mutex(State.open)

    func give(_ value: Value) {
        let continuation: CheckedContinuation<Value, Never>? = state.withLock { state in
            switch state {
            case .given: return nil
            case .open:
                state = .given(value)
                return nil
            case .awaited(let continuation):
                state = .given(value)
                return continuation
            }
        }
        continuation?.resume(returning: value)
    }

    /// - Parameter begin: starts what gives the answer.
    func wait(_ begin: () -> Void) async -> Value {
        await withCheckedContinuation { continuation in
            let early: Value? = state.withLock { state in
                if case .given(let value) = state { return value }
                state = .awaited(continuation)
                return nil
            }
            if let early { continuation.resume(returning: early) } else { begin() }
        }
    }
}

private enum Thread {
    private final class Work {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs the body on a new thread; false where the system gives none.
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let work = Unmanaged.passRetained(Work(body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        if code != 0 { work.release() }
        return code == 0
    }
}
