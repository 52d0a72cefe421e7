import EventSourcing
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

/// What came back, as far as tests look at it.
struct Answer {
    let status: Int
    let headers: HTTPFields
    let body: String

    init(_ response: TestResponse) {
        status = Int(response.status.code)
        headers = response.headers
        body = String(buffer: response.body)
    }

    /// The body's value; null where it is not JSON.
    var json: JSON { (try? JSON.parse(body)) ?? .null }

    subscript(member: String) -> JSON? { json[member] }

    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }

    var eTag: String? { header("ETag") }
    var position: Int64? { header("Footfall-Position").flatMap { Int64($0) } }

    /// Where a validation found faults, each with its code: `/lines/0/from out_of_range`.
    var faults: [String] {
        (self["errors"]?.array ?? []).map { fault in
            "\(fault["pointer"]?.string ?? fault["parameter"]?.string ?? "?") \(fault["code"]?.string ?? "?")"
        }
    }

    /// Checks that this is a problem in the form of RFC 9457.
    func expectProblem(_ status: Int, _ code: String, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(self.status == status, "\(body)", sourceLocation: sourceLocation)
        #expect(header("Content-Type") == "application/problem+json", sourceLocation: sourceLocation)
        #expect(self["code"]?.string == code, sourceLocation: sourceLocation)
        #expect(self["status"]?.integer == Int64(status), sourceLocation: sourceLocation)
        #expect(self["type"]?.string == "/docs/problems/\(code)", sourceLocation: sourceLocation)
        #expect(self["title"]?.string?.isEmpty == false, sourceLocation: sourceLocation)
        #expect(self["detail"]?.string?.isEmpty == false, sourceLocation: sourceLocation)
    }
}
