import Foundation

/// What this process takes of the machine, read from /proc (see proc(5)).
struct ProcessUsage: Sendable {
    private var lastTicks: Double
    private var lastTime = ContinuousClock.now

    init() { lastTicks = Self.ticks() ?? 0 }

    /// Percent of all cores' time since the last call.
    mutating func cpu() -> Double? {
        guard let ticks = Self.ticks() else { return nil }
        let now = ContinuousClock.now
        let seconds = lastTime.duration(to: now) / .seconds(1)
        defer { (lastTicks, lastTime) = (ticks, now) }
        guard seconds > 0 else { return nil }
        let used = (ticks - lastTicks) / Double(sysconf(Int32(_SC_CLK_TCK))) / seconds
        return min(100, max(0, used / Double(ProcessInfo.processInfo.activeProcessorCount) * 100))
    }

    /// Percent of the machine's memory.
    func memory() -> Double? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
        else { return nil }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / Double(ProcessInfo.processInfo.physicalMemory) * 100
    }

    /// User and system time; the fields after the name, which may hold spaces, begin behind its bracket.
    private static func ticks() -> Double? {
        guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let fields = text.split(separator: ")").last?.split(separator: " "), fields.count > 12,
            let user = Double(fields[11]), let system = Double(fields[12])
        else { return nil }
        return user + system
    }
}
