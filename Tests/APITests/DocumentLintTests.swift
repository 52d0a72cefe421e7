import EventSourcing
import Testing

@testable import API

@Suite struct DocumentLintTests {
    @Test func documentHasNoFaults() throws {
        let backend = try Backend.documented()
        let faults = DocumentLint(try #require(backend.documentation).document.json).faults
        #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
    }

    /// A document without faults, with these schemas in place of its own.
    private func document(_ given: String, _ shown: String, _ operation: String = "") throws -> JSON {
        try JSON.parse(
            """
            {"paths":{"/a":{"post":{"summary":"Do","description":"Does.",\(operation)
            "requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Given"},"example":1}}},
            "responses":{"200":{"description":"Done.","content":{"application/json":{
            "schema":{"$ref":"#/components/schemas/Shown"},"example":1}}}}}}},
            "components":{"schemas":{"Given":\(given),"Shown":\(shown)}}}
            """)
    }

    private static let given =
        #"{"description":"G.","additionalProperties":false,"properties":{"a":{"type":"string","description":"A."}}}"#
    private static let shown = #"{"description":"S.","properties":{"b":{"type":"integer","description":"B."}}}"#

    @Test func documentOfThisKindHasNone() throws {
        #expect(DocumentLint(try document(Self.given, Self.shown)).faults == [])
    }

    @Test(arguments: [
        (#"{"properties":{}}"#, ["Shown has no description"]),
        (#"{"description":"S.","properties":{"b":{"type":"integer"}}}"#, ["Shown.b has no description"]),
        (
            #"{"description":"S.","properties":{"b":{"description":"B.","properties":{}}}}"#,
            ["Shown has an object without a name"]
        ),
        (
            #"{"description":"S.","properties":{},"anyOf":[{"required":["b"]}]}"#,
            ["Shown has branches beside properties"]
        ),
        (#"{"description":"S.","additionalProperties":false,"properties":{}}"#, ["Shown is shown and closed"]),
        (#"{"description":"S.","anyOf":[{"pattern":"^a$"}]}"#, ["Shown has a rule for texts and is none"]),
        (#"{"description":"S.","type":"array","items":false}"#, ["Shown has items that are no schema"]),
        (
            ##"{"description":"S.","items":{"$ref":"#/components/schemas/Shown","description":"B."}}"##,
            ["Shown has members beside $ref"]
        ),
        (##"{"description":"S.","items":{"$ref":"#/components/schemas/Given"}}"##, ["Given is shown and closed"]),
    ]) func faultsOfAnAnswerAreFound(_ shown: String, _ faults: [String]) throws {
        #expect(DocumentLint(try document(Self.given, shown)).faults == faults)
    }

    @Test func anOpenRequestAndWhatAParameterLacksAreFound() throws {
        let open = #"{"description":"G.","properties":{}}"#
        #expect(DocumentLint(try document(open, Self.shown)).faults == ["Given is given and not closed"])
        let parameters = #""parameters":[{"name":"q","schema":{"type":"string"}}],"#
        #expect(
            DocumentLint(try document(Self.given, Self.shown, parameters)).faults
                == ["post /a q has no description", "post /a q has no example"])
    }

    @Test func whatAMemberMeansIsSaidOnceForAllThatHaveIt() throws {
        var fragments = OpenAPIFragments()
        try fragments.add(["members": ["fps": "Pictures a second."]], from: "members.json")
        try fragments.add(
            [
                "components": [
                    "schemas": [
                        "A": ["properties": ["fps": ["type": "number"], "b": ["type": "number"]]],
                        "B": ["properties": ["fps": ["type": "number", "description": "Of the stream."]]],
                        "C": ["properties": ["fps": ["$ref": "#/components/schemas/A"]]],
                    ]
                ]
            ], from: "a.json")
        let schemas = try OpenAPIDocument(fragments, routes: []).json["components"]?["schemas"]
        #expect(schemas?["A"]?["properties"]?["fps"]?["description"] == "Pictures a second.")
        #expect(schemas?["A"]?["properties"]?["b"]?["description"] == nil)
        #expect(schemas?["B"]?["properties"]?["fps"]?["description"] == "Of the stream.")
        #expect(schemas?["C"]?["properties"]?["fps"]?["description"] == nil)
        #expect(throws: OpenAPIDocument.Invalid.self) {
            try fragments.add(["members": ["fps": "Again."]], from: "b.json")
        }
    }
}
