import EventLog
import Foundation
import Postgres
import TestSupport

/// A process that appends until it is killed, or its standard input ends.
///
/// usage: TortureWriter URL LEDGER SOURCE LIFE SEED PATIENCE_MS
@main struct TortureWriter {
    static func main() async {
        let words = CommandLine.arguments
        guard words.count == 7, let life = Int(words[4]), let seed = UInt64(words[5]), let patience = Int(words[6])
        else {
            exit(64)
        }
        Thread.detachNewThread {
            while FileHandle.standardInput.availableData.count > 0 {}
            exit(0)
        }
        let target = ConnectionTarget(words[1], applicationName: "torture writer")
        let log = PostgresEventLog(
            readers: Pool(target, size: 2, logger: .silent), writer: Pool(target, size: 2, logger: .silent),
            patience: .milliseconds(patience))
        await Workload(log: log, ledgerPath: words[2], source: words[3], life: life, seed: seed).run()
    }
}
