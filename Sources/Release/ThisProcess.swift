import Foundation

/// What an engineer finds this process by.
package enum ThisProcess {
    /// `host:pid`.
    package static let name = "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)"
}
