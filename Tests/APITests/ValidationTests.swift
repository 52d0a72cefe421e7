import Counting
import EventSourcing
import HTTPTypes
import Testing

@Suite struct ValidationTests {
    @Test func everyFaultIsToldAtOnce() async throws {
        try await withCommands { api in
            let answer = try await api.post(
                "/cameras",
                #"""
                {"name":"x","location":5,"stream_url":"http://cam/","stream_type":"rtsp","colour":"red",
                "metadata":[],"settings":{"pace":"slow","loop":"yes","confidence":0,"classes":[],"a/b~":1},
                "lines":[{"name":"a","from":[0,0],"to":[0,0],"inside":[1,1]},{"from":[0,2],"to":[0],"inside":"x"},7],
                "time_zone":"Mars/Base"}
                """#)
            answer.expectProblem(422, "validation_failed")
            #expect(
                answer.faults == [
                    "/name too_short", "/location wrong_type", "/metadata wrong_type", "/settings/pace unknown_value",
                    "/settings/loop wrong_type", "/settings/confidence out_of_range", "/settings/classes too_short",
                    "/settings/a~1b~0 unknown_member", "/time_zone unknown_value", "/stream_url scheme_mismatch",
                    "/lines/0 line_without_length", "/lines/1/name required", "/lines/1/from out_of_range",
                    "/lines/1/to malformed", "/lines/1/inside wrong_type", "/lines/2 wrong_type",
                    "/colour unknown_member",
                ])
            #expect(try await api.log.head() == 0)
        }
    }

    @Test(arguments: [#""ab""#, #""\#(String(repeating: "0g", count: 32))""#, "7", "null"])
    func aFingerprintIsOfACertificate(_ value: String) async throws {
        try await withCommands { api in
            let members = #""security_config": {"certificate_sha256": \#(value)}"#
            let answer = try await api.post("/cameras", TestAPI.camera(members))
            answer.expectProblem(422, "validation_failed")
            #expect(answer.faults == ["/security_config malformed"])
            #expect(try await api.log.head() == 0)
        }
    }

    @Test func requiredMembersAreNamed() async throws {
        try await withCommands { api in
            let answer = try await api.post("/cameras", #"{"name":null}"#)
            #expect(answer.faults == ["/name required", "/stream_url required"])
            #expect(answer["detail"] == "2 things are wrong; see errors.")
        }
    }

    @Test func oneFaultIsTheDetail() async throws {
        try await withCommands { api in
            let answer = try await api.post("/cameras", TestAPI.camera(name: "x"))
            #expect(answer["detail"] == "A camera's name has 2 to 255 characters; this has 1.")
        }
    }

    @Test func linesWithOneNameAreAFault() async throws {
        try await withCommands { api in
            let line = #"{"name":"a","from":[0,0],"to":[1,0],"inside":[1,1]}"#
            let answer = try await api.post("/cameras", TestAPI.camera(#""lines":[\#(line),\#(line)]"#))
            #expect(answer.faults == ["/lines duplicate_name"])
        }
    }

    @Test func faultsAreToldUpToAHundred() async throws {
        try await withCommands { api in
            // Four members of each are missing.
            let lines = Array(repeating: "{}", count: 32).joined(separator: ",")
            let answer = try await api.post("/cameras", TestAPI.camera(#""lines":[\#(lines)]"#))
            #expect(answer.faults.count == 100)
        }
    }

    @Test(arguments: ["[]", "null", "7", "\"text\""])
    func bodyIsAnObject(body: String) async throws {
        try await withCommands { api in
            let answer = try await api.post("/cameras", body)
            #expect(answer.faults == [" wrong_type"])
        }
    }

    @Test func malformedBodySaysWhere() async throws {
        try await withCommands { api in
            let answer = try await api.post("/cameras", "{\n  \"name\": }")
            answer.expectProblem(400, "malformed_json")
            #expect(answer["line"] == 2)
            #expect(answer["column"] == 11)
        }
    }

    @Test func missingBodyIsMalformed() async throws {
        try await withCommands { api in
            try await api.post("/cameras", headers: [.contentType: "application/json"])
                .expectProblem(400, "malformed_json")
            try await api.post("/cameras").expectProblem(415, "unsupported_media_type")
        }
    }

    @Test(arguments: ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "text/json"])
    func onlyJSONIsRead(type: String) async throws {
        try await withCommands { api in
            try await api.post("/cameras", TestAPI.camera(), headers: [.contentType: type])
                .expectProblem(415, "unsupported_media_type")
        }
    }

    @Test(arguments: ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"])
    func jsonMayHaveParameters(type: String) async throws {
        try await withCommands { api in
            let answer = try await api.post("/cameras", TestAPI.camera(), headers: [.contentType: type])
            #expect(answer.status == 201)
        }
    }

    @Test func bodyIsBounded() async throws {
        try await withCommands { api in
            let padding = String(repeating: " ", count: 1 << 20)
            try await api.post("/cameras", TestAPI.camera() + padding).expectProblem(413, "body_too_large")
            let largest = TestAPI.camera() + padding.dropFirst(TestAPI.camera().utf8.count)
            #expect(try await api.post("/cameras", largest).status == 201)
        }
    }

    @Test func unknownParametersAreFaults() async throws {
        try await withCommands { api in
            let answer = try await api.post("/cameras?dry=1&z=2", TestAPI.camera())
            #expect(answer.faults == ["dry unknown_parameter", "z unknown_parameter"])
        }
    }

    @Test func wrongParametersAreNamed() async throws {
        try await withCommands { api in
            let answer = try await api.get(
                "/cameras?skip=-1&limit=101&sort=age&status=up&worker_id=a/b&search=%00&min_position=x&limit=3&page=2")
            answer.expectProblem(422, "validation_failed")
            #expect(
                answer.faults == [
                    "skip out_of_range", "limit given_twice", "min_position out_of_range", "sort unknown_value",
                    "status unknown_value", "worker_id invalid_character", "search invalid_character",
                    "page unknown_parameter",
                ])
        }
    }

    @Test(arguments: [
        (#"{"metadata":{"a":{"b":[9223372036854775808]}}}"#, "between"), ("\u{FEFF}{}", "byte order mark"),
    ]) func whatCannotBeKeptAsItWasWrittenIsRefused(members: String, reason: String) async throws {
        try await withCommands { api in
            try await api.register()
            for (method, path) in [(HTTPRequest.Method.post, "/cameras"), (.patch, "/cameras/1")] {
                let answer = try await api.send(method, path, members, headers: [.ifMatch: "*"])
                answer.expectProblem(400, "malformed_json")
                #expect(answer["detail"]?.string?.contains(reason) == true, "\(answer.body)")
                #expect(answer["line"] == 1)
            }
        }
    }

    @Test func whatIsShownIsBoundedToo() async throws {
        try await withCommands { api in
            let numbers = Array(repeating: "1e308", count: 2300).joined(separator: ",")
            let answer = try await api.post("/cameras", TestAPI.camera(#""metadata":{"n":[\#(numbers)]}"#))
            #expect(answer.status == 201)
            #expect(answer.body.utf8.count < FreeformObject.maximumBytes + 1000)
        }
    }
}
