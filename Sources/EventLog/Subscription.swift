import EventSourcing
import Postgres

/// The channel that each append notifies as it commits.
package let eventsChannel = "footfall_events"

/// All events of the log after a position, those to come included: in order, each once, a page at a time.
///
/// Pulls: nothing is read before it is asked for, so memory is bounded by one page. Ends when its task is cancelled or
/// the listener stops.
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

        package mutating func next() async throws -> [RecordedEvent]? {
            while !Task.isCancelled {
                let page = try await log.read(after: position, limit: pageSize)
                if let last = page.last {
                    position = last.position
                    return page
                }
                if await signals.next() == nil { return nil }
            }
            return nil
        }
    }
}
