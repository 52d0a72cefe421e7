import Counting
import EventSourcing

/// Which lines readings are about: those that the camera has, or had when they were counted.
struct ReportedLines: Sendable {
    let handler: CommandHandler<Camera>

    /// Gives readings that name no line the camera's only one, and none where it has several or none: the whole picture.
    ///
    /// Reads nothing where each names a line that the camera was known to have: a line that it had once stays known.
    /// - Parameter list: the member that the readings stand in; nil where the body is one reading.
    /// - Throws: `Problem` where one names a line that the camera never had.
    func settle(_ items: inout [TelemetryItem], of id: CameraID, in list: String?) async throws {
        let lacking = items.indices.filter { items[$0].report.filledIn.contains(.line) }
        if lacking.isEmpty, case .registered(let camera)? = handler.remembered(id.stream)?.state,
            items.allSatisfy({ $0.report.reading?.line.map(camera.everHad) ?? true })
        {
            return
        }
        // What is wrong with a camera that is not there, the append says.
        guard case .registered(let camera) = try await handler.load(id.stream).state else { return }
        let faults = items.enumerated().compactMap { index, item -> Fault? in
            guard let line = item.report.reading?.line, !camera.everHad(line) else { return nil }
            return Fault(at: .pointer((list.map { "/\($0)/\(index)" } ?? "") + "/line"), Self.unknown(line))
        }
        if !faults.isEmpty { throw Problem.validationFailed(faults) }
        for index in lacking {
            guard var reading = items[index].report.reading else { continue }
            reading.line = camera.defaultLine
            items[index].report.content = .reading(reading)
        }
    }

    static func unknown(_ line: LineName) -> InvalidValue {
        InvalidValue(.unknownLine, "The camera has no line \"\(line)\", and never had one.")
    }
}
