import EventSourcing
import Foundation
import Synchronization

/// Takes whole lines, one after another, however many threads write.
package final class LogOutput: Sendable {
    package static let standardError = LogOutput { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return }  // nobody listens
        }
    }

    /// The time that an entry is written with.
    package static let now: @Sendable () -> Timestamp = {
        Timestamp(microseconds: Int64((Date().timeIntervalSince1970 * 1_000_000).rounded()))
    }

    private let sink: Mutex<@Sendable ([UInt8]) -> Void>

    package init(_ sink: @escaping @Sendable ([UInt8]) -> Void) { self.sink = Mutex(sink) }

    /// - Parameter line: with its line feed.
    package func write(_ line: [UInt8]) { sink.withLock { $0(line) } }
}
