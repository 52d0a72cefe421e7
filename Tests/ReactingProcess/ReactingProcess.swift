import EventLog
import Foundation
import Postgres
import Reactions
import TestSupport

/// A process that runs a reaction until it is killed, or its standard input ends.
///
/// usage: ReactingProcess URL
@main struct ReactingProcess {
    static func main() async {
        let words = CommandLine.arguments
        guard words.count == 2 else { exit(64) }
        Thread.detachNewThread {
            while FileHandle.standardInput.availableData.count > 0 {}
            exit(0)
        }
        let target = ConnectionTarget(words[1], applicationName: "reacting process")
        let log = PostgresEventLog(
            readers: Pool(target, size: 2, logger: .silent), writer: Pool(target, size: 2, logger: .silent))
        let listener = Listener(
            target, channels: Reactions.channels, pollInterval: .milliseconds(100), logger: .silent)
        let reactions = Reactions([Echo()], log: log, on: target, listener: listener, logger: .silent)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await listener.run() }
            group.addTask { await reactions.run() }
        }
    }
}
