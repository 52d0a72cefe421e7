import Foundation

/// The resident memory of a process, from /proc/PID/status; in megabytes.
package enum Memory {
    package static var resident: Double { field("VmRSS:", of: "self") }

    package static func resident(of pid: Int32) -> Double { field("VmRSS:", of: String(pid)) }

    /// The highest of this process since it began, or since `forgetPeak`.
    package static var peak: Double { field("VmHWM:", of: "self") }

    /// See "clear_refs" in proc(5).
    package static func forgetPeak() {
        try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
    }

    private static func field(_ name: String, of process: String) -> Double {
        let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Double($0) }.map { $0 / 1024 } ?? .nan
    }
}
