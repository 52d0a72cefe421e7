import Foundation

/// The memory of this process that is resident, from /proc/self/status; in megabytes.
enum Memory {
    static var resident: Double { field("VmRSS:") }

    /// The highest since the process began, or since `forgetPeak`.
    static var peak: Double { field("VmHWM:") }

    /// See "clear_refs" in proc(5).
    static func forgetPeak() { try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8) }

    private static func field(_ name: String) -> Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Double($0) }.map { $0 / 1024 } ?? .nan
    }
}
