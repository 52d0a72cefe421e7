import Counting
import EventSourcing
import Testing

@testable import API

/// Schemas of the OpenAPI document that bring or show an event, against the event's declaration, member by member.
@Suite struct EventSchemaTests {
    struct Schema: CustomTestStringConvertible {
        let name: String
        /// Events whose members it has.
        let types: [EventType]
        /// What it has besides.
        let additional: Set<String>
        /// Members of the events that it does not have.
        let without: Set<String>
        /// Whether a request gives it: its bounds are exact then, and in an answer those that are there are right.
        let isForm: Bool

        var testDescription: String { name }

        static func form(
            _ name: String, of type: EventType, and additional: Set<String> = [], without: Set<String> = []
        ) -> Schema {
            Schema(
                name: name, types: [type], additional: additional, without: without.union(["camera_id"]), isForm: true)
        }

        static func answer(
            _ name: String, of types: [EventType], and additional: Set<String> = [], without: Set<String> = []
        ) -> Schema {
            Schema(name: name, types: types, additional: additional, without: without, isForm: false)
        }
    }

    private static let secrets: Set<String> = [
        "stream_path", "stream_path_id", "stream_credentials", "stream_credentials_id", "security_config_id",
        "metadata_text",
    ]
    private static let readOnly: Set<String> = [
        "id", "status", "desired_state", "worker_id", "monitoring", "created_at", "updated_at", "created_by",
        "updated_by",
        "version", "health", "counts_today", "recording",
    ]

    static let schemas: [Schema] = [
        .form("CameraForm", of: .cameraRegistered, and: ["security_config"], without: secrets),
        .form(
            "CameraReplacement", of: .cameraRegistered, and: readOnly.union(["security_config"]), without: secrets),
        .form("CameraPatch", of: .cameraRegistered, and: readOnly.union(["security_config"]), without: secrets),
        .form("StartForm", of: .cameraStarted, without: ["epoch"]),
        .form("RestartForm", of: .cameraRestarted, and: ["recount"], without: ["epoch"]),
        .form("StopForm", of: .cameraStopped, and: ["take", "ended_at"]),
        .form("CameraStatusForm", of: .cameraStatusChanged, and: ["status"], without: ["from", "to"]),
        .form("Heartbeat", of: .heartbeatRecorded, and: ["source", "sequence"]),
        .form("NumberedHeartbeat", of: .heartbeatRecorded, and: ["sequence"]),
        .form(
            "Reading", of: .countReadingRecorded, and: ["source", "sequence", "total_count"],
            without: ["sealed_frame_data"]),
        .form(
            "NumberedReading", of: .countReadingRecorded, and: ["sequence", "total_count"],
            without: ["sealed_frame_data", "take"]),
        .form("CountCorrectionForm", of: .countCorrected, without: ["buckets"]),
        .form("OccupancyResetForm", of: .cameraOccupancyReset),
        .form("TokenRevocationForm", of: .tokensRevoked),
        .answer(
            "StoredReport", of: [.heartbeatRecorded, .countReadingRecorded], and: ["type", "recorded_at"],
            without: ["camera_id", "frame_data", "sealed_frame_data"]),
        .answer(
            "CountCorrection", of: [.countCorrected], and: ["dry_run", "position", "buckets"],
            without: ["camera_id", "buckets"]),
        .answer("OccupancyReset", of: [.cameraOccupancyReset]),
        .answer("TokenRevocation", of: [.tokensRevoked]),
    ]

    @Test(arguments: schemas) func aSchemaHasTheMembersOfItsEvent(_ schema: Schema) throws {
        let document = try #require(Backend.documented().documentation).document.json
        let properties = try #require(
            document["components"]?["schemas"]?[schema.name]?["properties"]?.object)
        let members = schema.types.flatMap(\.declaration.members).filter { !schema.without.contains($0.name) }
        #expect(Set(properties.keys) == schema.additional.union(members.map(\.name)))
        let comparison = SchemaComparison(document: document, isForm: schema.isForm)
        for member in members {
            let property = try #require(properties[member.name])
            #expect(comparison.differences(of: property, from: member.type) == [], "\(schema.name).\(member.name)")
        }
    }

    @Test func aSchemaMayHaveTheNumbersOfAnEvent() throws {
        let own: JSON = [
            "error_message": ["type": "string"], "observed_at": [:], "status": [:], "fps": ["title": "own"],
        ]
        let request: JSON = [
            "x-members-of": "HeartbeatRecorded", "x-without": ["camera_id"], "properties": own,
            "additionalProperties": false,
        ]
        let schema = try EventMembers.added(to: request, "S")
        #expect(Set(schema.object?.keys.map(\.self) ?? []) == ["properties", "additionalProperties"])
        #expect(
            schema["properties"]?["cpu_usage"] == [
                "type": ["number", "null"], "minimum": 0, "maximum": 100,
                "description": "Percent of all cores' time, by the worker as a whole.",
            ])
        #expect(schema["properties"]?["fps"] == ["title": "own"])
        #expect(schema["properties"]?["camera_id"] == nil)
        let answer: JSON = ["x-members-of": "CameraStarted", "x-without": ["worker_id"], "properties": [:]]
        #expect(
            try EventMembers.added(to: answer, "S")["properties"]?["epoch"]?["type"] == "integer")
        for (type, without) in [("HeartbeatRecorded", "camera_id"), ("CameraPainted", "")] {
            #expect(throws: OpenAPIDocument.Invalid.self) {
                try EventMembers.added(
                    to: ["x-members-of": .string(type), "x-without": [.string(without)], "properties": [:]], "S")
            }
        }
    }

    @Test func whatIsWrongWithASchemaIsFound() throws {
        let comparison = SchemaComparison(document: [:], isForm: true)
        let percentage = MemberType.number(0...100)
        #expect(comparison.differences(of: ["type": "number", "minimum": 0, "maximum": 100], from: percentage) == [])
        #expect(
            comparison.differences(of: ["type": ["integer", "null"], "maximum": 10], from: percentage)
                == ["type is integer, not number", "minimum is missing, not 0.0", "maximum is 10.0, not 100.0"])
        #expect(
            comparison.differences(of: ["type": "string", "enum": ["a", "c", nil]], from: .choice(["a", "b"]))
                == ["enum is [\"a\", \"c\"], not [\"a\", \"b\"]"])
        let line = MemberType.list(of: .object([]), counts: 0...2)
        #expect(
            comparison.differences(
                of: ["type": "array", "maxItems": 2, "items": ["type": "object", "properties": ["a": [:]]]], from: line)
                == ["properties are [\"a\"], not []"])
    }
}

/// A schema of a member, compared with the member's declaration.
struct SchemaComparison {
    let document: JSON
    /// Whether bounds must be there.
    let isForm: Bool

    func differences(of schema: JSON, from type: MemberType) -> [String] {
        let schema = resolved(schema)
        switch type {
        case .integer(let bounds):
            return kind(schema, "integer") + bound(schema, "minimum", Double(bounds.lowerBound))
                + bound(schema, "maximum", bounds.upperBound == .max ? nil : Double(bounds.upperBound))
        case .number(let bounds, let excludesLowest):
            return kind(schema, "number")
                + bound(schema, excludesLowest ? "exclusiveMinimum" : "minimum", bounds.lowerBound)
                + bound(schema, "maximum", bounds.upperBound)
        case .text(let lengths):
            return kind(schema, "string")
                + bound(schema, "minLength", lengths.flatMap { $0.lowerBound > 0 ? Double($0.lowerBound) : nil })
                + bound(schema, "maxLength", lengths.map { Double($0.upperBound) })
        case .choice(let names):
            let given = (schema["enum"]?.array ?? []).compactMap(\.string)
            return kind(schema, "string") + (given == names ? [] : ["enum is \(given), not \(names)"])
        case .flag: return kind(schema, "boolean")
        case .time:
            return kind(schema, "string") + (schema["format"] == "date-time" ? [] : ["format is not date-time"])
        case .streamURL, .secretPath: return kind(schema, "string")
        case .freeform: return kind(schema, "object")
        case .object(let members):
            let properties = schema["properties"]?.object ?? [:]
            let (given, declared) = (properties.keys.sorted(), members.map(\.name).sorted())
            if given != declared { return kind(schema, "object") + ["properties are \(given), not \(declared)"] }
            return kind(schema, "object")
                + members.flatMap { member in
                    differences(of: properties[member.name] ?? .null, from: member.type).map { "\(member.name): \($0)" }
                }
        case .list(let element, let counts):
            return kind(schema, "array")
                + bound(schema, "minItems", counts.lowerBound > 0 ? Double(counts.lowerBound) : nil)
                + bound(schema, "maxItems", Double(counts.upperBound))
                + (schema["prefixItems"]?.array ?? [schema["items"] ?? .null]).flatMap {
                    differences(of: $0, from: element)
                }
        }
    }

    /// What a reference leads to, and of a choice between something and null that something.
    private func resolved(_ schema: JSON) -> JSON {
        if let reference = schema["$ref"]?.string { return resolved(document.pointed(to: reference) ?? .null) }
        for name in ["anyOf", "oneOf"] {
            guard let branches = schema[name]?.array else { continue }
            let left = branches.filter { $0["type"] != "null" }
            if left.count == 1 { return resolved(left[0]) }
        }
        return schema
    }

    private func kind(_ schema: JSON, _ expected: String) -> [String] {
        let kinds = (schema["type"]?.array ?? [schema["type"] ?? .null]).compactMap(\.string).filter { $0 != "null" }
        return kinds == [expected] ? [] : ["type is \(kinds.joined(separator: " or ")), not \(expected)"]
    }

    private func bound(_ schema: JSON, _ name: String, _ expected: Double?) -> [String] {
        let given = schema[name]?.number
        if given == expected || !isForm && given == nil || expected == nil { return [] }
        return ["\(name) is \(given.map { "\($0)" } ?? "missing"), not \(expected.map { "\($0)" } ?? "none")"]
    }
}
