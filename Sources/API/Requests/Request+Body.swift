import EventSourcing
import HTTPTypes
import Hummingbird

extension Request {
    /// How long the body of the request that is being handled may be.
    @TaskLocal static var maximumBodyBytes = 1 << 20

    /// The body's JSON value; nil where there is no body.
    func optionalJSON() async throws -> JSON? {
        let body = try await ExpectedBody.read { try await self.body.collect(upTo: Self.maximumBodyBytes) }
        if body.readableBytes == 0 { return nil }
        guard isJSON else {
            throw Problem(.unsupportedMediaType, "Content-Type must be application/json.")
        }
        do throws(JSONSyntaxError) {
            return try JSON.parse(body.readableBytesView)
        } catch {
            throw Problem(
                .malformedJSON, "Line \(error.line), column \(error.column): \(error.reason).",
                members: ["line": .integer(Int64(error.line)), "column": .integer(Int64(error.column))])
        }
    }

    /// The body's JSON value.
    func json() async throws -> JSON {
        guard let json = try await optionalJSON() else {
            guard isJSON else { throw Problem(.unsupportedMediaType, "Content-Type must be application/json.") }
            throw Problem(
                .malformedJSON, "Line 1, column 1: unexpected end of the text.", members: ["line": 1, "column": 1])
        }
        return json
    }

    private var isJSON: Bool {
        let field = headers[.contentType] ?? ""
        if field == "application/json" { return true }
        let type = field.prefix { $0 != ";" }
        let words = type.split(whereSeparator: \.isWhitespace)
        return words.count == 1 && words[0].lowercased() == "application/json"
    }
}
