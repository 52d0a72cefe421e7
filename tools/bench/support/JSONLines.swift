import Foundation

/// Prints one JSON object a line: members in snake case and sorted, numbers to three places, the machine on each.
package struct JSONLines {
    private let machine: Machine

    package init(machine: Machine) { self.machine = machine }

    package func print(_ line: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let members = try JSONSerialization.jsonObject(with: encoder.encode(line))
        guard var object = rounded(members) as? [String: Any] else { return }
        object["machine"] = try JSONSerialization.jsonObject(with: encoder.encode(machine))
        let text = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        // Unbuffered, so that each line is out as soon as it is known.
        try FileHandle.standardOutput.write(contentsOf: text + Data("\n".utf8))
    }

    private func rounded(_ value: Any) -> Any {
        switch value {
        case let object as [String: Any]: object.mapValues(rounded)
        case let array as [Any]: array.map(rounded)
        case let number as Double where number != number.rounded():
            NSDecimalNumber(string: String(format: "%.3f", number))
        default: value
        }
    }
}

/// Where something was measured.
package struct Machine: Encodable {
    private let cpu: String
    private let cores: Int
    private let memoryGb: Int
    private let kernel: String
    private let postgresql: String

    /// - Parameter postgresql: the server's version.
    package init(postgresql: String) {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let model = information.split(separator: "\n").first { $0.hasPrefix("model name") }
        cpu = model?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
        cores = ProcessInfo.processInfo.activeProcessorCount
        memoryGb = Int(ProcessInfo.processInfo.physicalMemory >> 30)
        kernel =
            (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines) ?? "unknown"
        self.postgresql = postgresql
    }
}
