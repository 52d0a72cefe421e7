import EventSourcing
import HTTPTypes
import Hummingbird

/// An answer that says why a request could not be served (RFC 9457, `application/problem+json`).
package struct Problem: Error {
    package let code: ProblemCode
    /// For people; never an inner error's text.
    package var detail: String
    /// Members beside the standard ones: the facts to act on.
    package var members: JSONObject
    package var headers: HTTPFields
    /// The inner error that it stands for; for the log alone.
    var cause: (any Error)?

    package init(_ code: ProblemCode, _ detail: String, members: JSONObject = [:], headers: HTTPFields = [:]) {
        self.code = code
        self.detail = detail
        self.members = members
        self.headers = headers
    }

    /// A problem that passes: the same request may succeed a little later.
    static func passing(_ code: ProblemCode, _ detail: String, members: JSONObject = [:]) -> Problem {
        Problem(code, detail, members: members, headers: [.retryAfter: "1"])
    }

    static func validationFailed(_ faults: [Fault]) -> Problem {
        Problem(
            .validationFailed, faults.count == 1 ? faults[0].detail : "\(faults.count) things are wrong; see errors.",
            members: ["errors": .array(faults.map(\.json))])
    }

    /// The body, in the form of RFC 9457.
    var document: JSON {
        var document: JSONObject = [
            "type": .string("/docs/problems/\(code.rawValue)"),
            "title": .string(code.title),
            "status": .integer(Int64(code.status.code)),
            "code": .string(code.rawValue),
            "detail": .string(detail),
        ]
        document.merge(members) { standard, _ in standard }
        return .object(document)
    }

    var response: Response {
        var headers = headers
        headers[.contentType] = "application/problem+json"
        return Response(
            status: code.status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: document.bytes)))
    }
}
