/// The events of a log after a position and up to another, in order, each once, a page at a time.
///
/// While one page is looked at the next is on its way, so memory is bounded by two. Ends with the last position; sooner
/// where the log does.
package struct LogPages: AsyncSequence, Sendable {
    package typealias Element = [RecordedEvent]

    let log: any EventLog
    let positions: ClosedRange<Int64>
    let pageSize: Int

    package func makeAsyncIterator() -> Iterator {
        Iterator(log: log, position: positions.lowerBound, last: positions.upperBound, pageSize: pageSize)
    }

    package struct Iterator: AsyncIteratorProtocol {
        private typealias Page = Task<Result<[RecordedEvent], EventLogError>, Never>

        private let log: any EventLog
        private var position: Int64
        private let last: Int64
        private let pageSize: Int
        private var ahead: Page?

        init(log: any EventLog, position: Int64, last: Int64, pageSize: Int) {
            self.log = log
            self.position = position
            self.last = last
            self.pageSize = pageSize
        }

        /// Where the log cannot be read this throws; asked again, it goes on where it was.
        package mutating func next() async throws(EventLogError) -> [RecordedEvent]? {
            guard position < last else { return nil }
            let page = ahead ?? read()
            ahead = nil
            let events = try await page.value.get()
            guard let end = events.last?.position else { return nil }
            position = end
            if position < last { ahead = read() }
            return events
        }

        /// Not bound to the caller's task, which may end before it asks for the page: what was begun is then done for
        /// nothing.
        private func read() -> Page {
            let limit = Int(Swift.min(Int64(pageSize), last - position))
            return Task { [log, position] in
                do throws(EventLogError) {
                    return .success(try await log.read(after: position, limit: limit))
                } catch {
                    return .failure(error)
                }
            }
        }
    }
}

extension EventLog {
    /// The events with positions above `position`, up to `last`.
    /// - Parameter pageSize: how many events one page holds at most, from 1.
    package func pages(after position: Int64, upTo last: Int64, pageSize: Int = 5000) -> LogPages {
        LogPages(log: self, positions: position...Swift.max(position, last), pageSize: pageSize)
    }
}
