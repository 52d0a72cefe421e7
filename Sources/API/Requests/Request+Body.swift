import EventSourcing
import HTTPTypes
import Hummingbird

extension Request {
    /// How long the body of the request that is being handled may be.
    @TaskLocal static var maximumBodyBytes = 1 << 20

    private static let limits = {
        var limits = JSONLimits.foreign
        limits.hasExactNumbers = true
        return limits
    }()

    private static let mediaType = "application/json"
    private static let patchTypes = ["application/merge-patch+json", mediaType]

    /// The body's JSON value; nil where there is no body.
    func optionalJSON() async throws -> JSON? { try await optionalJSON(as: [Self.mediaType]) }

    private func optionalJSON(as types: [String]) async throws -> JSON? {
        let body = try await ExpectedBody.read { try await self.body.collect(upTo: Self.maximumBodyBytes) }
        if body.readableBytes == 0 { return nil }
        try checkType(types)
        do throws(JSONSyntaxError) {
            return try JSON.parse(body.readableBytesView, within: Self.limits)
        } catch {
            throw Problem(
                .malformedJSON, "Line \(error.line), column \(error.column): \(error.reason).",
                members: ["line": .integer(Int64(error.line)), "column": .integer(Int64(error.column))])
        }
    }

    /// The body's JSON value.
    func json() async throws -> JSON { try await json(as: [Self.mediaType]) }

    /// A merge patch (RFC 7396), which may call itself plain JSON.
    func mergePatch() async throws -> JSON {
        do { return try await json(as: Self.patchTypes) } catch var problem as Problem
            where problem.code == .unsupportedMediaType
        {
            problem.headers[.acceptPatch] = Self.patchTypes.joined(separator: ", ")
            throw problem
        }
    }

    private func json(as types: [String]) async throws -> JSON {
        guard let json = try await optionalJSON(as: types) else {
            try checkType(types)
            throw Problem(
                .malformedJSON, "Line 1, column 1: unexpected end of the text.", members: ["line": 1, "column": 1])
        }
        return json
    }

    private func checkType(_ types: [String]) throws(Problem) {
        let field = headers[.contentType] ?? ""
        if field == Self.mediaType { return }
        let words = field.prefix { $0 != ";" }.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, types.contains(words[0].lowercased()) else {
            throw Problem(.unsupportedMediaType, "Content-Type must be \(types.joined(separator: " or ")).")
        }
    }
}

extension HTTPField.Name {
    static let acceptPatch = headerName("Accept-Patch")
}
