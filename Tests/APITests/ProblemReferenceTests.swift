import TestSupport
import Testing

@testable import API

@Suite struct ProblemReferenceTests {
    @Test func thePageSaysWhatTheCatalogueHas() throws {
        #expect(try ReferencePage.holds("problems.md", page), "run tools/generate")
    }

    private var page: String {
        let rows = ProblemCode.allCases.sorted { ($0.status.code, $0.rawValue) < ($1.status.code, $1.rawValue) }
            .map { "| \($0.status.code) | `\($0.rawValue)` | \($0.title) | \($0.explanation) |\n" }
        return """
            # Problems

            \(ReferencePage.notice)

            Every answer that is neither 2xx nor 304 is a problem (RFC 9457). Programs switch on its `code`, which is never
            renamed; its `type` leads to a page of the server, `/docs/problems/…`, with an example.

            | status | code | title | what it means, and what to do |
            | --- | --- | --- | --- |

            """ + rows.joined()
    }
}
