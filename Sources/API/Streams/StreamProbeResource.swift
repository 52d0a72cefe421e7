import Counting
import EventSourcing
import Hummingbird
import UseCases

/// Looks at cameras' streams when somebody asks.
struct StreamProbeResource: Sendable {
    let probes: StreamProbes
    let readModels: ReadModels

    private static let timeouts = Int64(500)...30_000

    /// What is there, or why it cannot be opened.
    @Sendable func test(_ request: Request, _ context: APIContext) async throws -> Response {
        let found = try await look(request, context)
        return .json(found.probe.json.bytes, position: found.position)
    }

    /// Looks, and answers the camera's health with what was found.
    @Sendable func check(_ request: Request, _ context: APIContext) async throws -> Response {
        let found = try await look(request, context)
        let health = HealthReads(readModels: readModels)
        var document = try await health.document(of: try context.cameraID, atLeast: found.position)
        document.removeLast()
        document += #","check":"#.utf8
        document += found.probe.json.bytes
        document += "}".utf8
        return .json(document, position: found.position)
    }

    private func look(_ request: Request, _ context: APIContext) async throws -> StreamProbes.Found {
        try Query.none(request)
        let timeout = try Form.read(try await request.optionalJSON() ?? [:]) { form in
            form.optional(
                "timeout_ms",
                .integer { (number: Int64) throws(InvalidValue) in
                    guard Self.timeouts.contains(number) else {
                        throw InvalidValue(.outOfRange, "A time-out lies between 500 and 30000 milliseconds.")
                    }
                    return Duration.milliseconds(number)
                })
        }
        return try await probes.lookNow(
            at: try context.cameraID, timeout: timeout ?? StreamProbes.timeout, metadata: context.eventMetadata)
    }
}

extension StreamProbe {
    fileprivate var json: JSON {
        isOpen
            ? [
                "ok": true, "codec": codec.map(JSON.string) ?? .null, "width": width.map(JSON.integer) ?? .null,
                "height": height.map(JSON.integer) ?? .null, "fps": fps.map { .number($0.value) } ?? .null,
                "duration_ms": duration.map(JSON.integer) ?? .null,
                "response_time_ms": responseTime.map { .number($0.value) } ?? .null,
            ]
            : [
                "ok": false, "reason": reason.map(JSON.string) ?? .null,
                "detail": detail.map { .string($0.text) } ?? .null,
                "response_time_ms": responseTime.map { .number($0.value) } ?? .null,
            ]
    }
}
