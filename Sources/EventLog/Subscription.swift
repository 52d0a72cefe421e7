import EventSourcing
import Postgres

/// The channel that each append notifies as it commits.
package let eventsChannel = "footfall_events"

/// All events of the log after a position, those to come included: in order, each once, a page at a time.
///
/// Pulls: no more than the next page is read before it is asked for, so memory is bounded by two. Ends when its task is
/// cancelled or the listener stops. Where the log cannot be read, asking for the next page throws; asking the iterator again goes on
/// where it was. A log that ends before the position is refused with `HistoryWentBack`: what it will hold at the positions
/// up to there is not what was read before.
package struct Subscription: AsyncSequence {
    package typealias Element = [RecordedEvent]

    let log: any EventLog
    let listener: Listener
    let position: Int64
    let pageSize: Int

    package init(to log: any EventLog, after position: Int64, listener: Listener, pageSize: Int = 1000) {
        self.log = log
        self.listener = listener
        self.position = position
        self.pageSize = pageSize
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(
            log: log, position: position, pageSize: pageSize,
            signals: listener.signals(on: eventsChannel).makeAsyncIterator())
    }

    package struct Iterator: AsyncIteratorProtocol {
        let log: any EventLog
        var position: Int64
        let pageSize: Int
        var signals: AsyncStream<Void>.AsyncIterator
        /// What was there when the log was last looked at.
        var pages: LogPages.Iterator?

        package mutating func next() async throws -> [RecordedEvent]? {
            while !Task.isCancelled {
                if let page = try await pages?.next(), let last = page.last {
                    position = last.position
                    return page
                }
                let head = try await log.head()
                if head < position { throw HistoryWentBack(position: position, head: head) }
                pages = log.pages(after: position, upTo: head, pageSize: pageSize).makeAsyncIterator()
                if head == position, await signals.next() == nil { return nil }
            }
            return nil
        }
    }
}

/// The log lacks events that were read from it.
package struct HistoryWentBack: Error, CustomStringConvertible {
    /// How far the log was read.
    package let position: Int64
    /// Where it ends now.
    package let head: Int64

    package init(position: Int64, head: Int64) {
        self.position = position
        self.head = head
    }

    package var description: String {
        "events up to position \(position) have been read, but the log ends at position \(head): it went back to an "
            + "earlier state, as after restoring an older backup. Undo what was made of events after \(head), or read "
            + "from 0 again."
    }
}
