import EventSourcing
import Testing

/// What comes with the cameras of a list, and which of them it shows.
@Suite struct CameraEmbedTests {
    private static let reading =
        #"{"observed_at":"2026-03-29T11:00:00Z","line":"door","class":"person","count_in":3,"count_out":1}"#

    /// 1 has a heartbeat and counts of today, 2 has neither.
    private func withCameras(_ body: @escaping @Sendable (TestAPI) async throws -> Void) async throws {
        try await withAPI { api in
            for _ in 0..<2 { try await api.register() }
            try await HealthTests.beat("2026-03-29T11:59:30Z", "online", #","fps":25"#, to: api)
            #expect(try await api.post("/cameras/1/counts", Self.reading).status == 201)
            let head = try await api.log.head()
            #expect(try await api.get("/cameras/1/health?min_position=\(head)").status == 200)
            #expect(try await api.get("/cameras/1/counts?min_position=\(head)").status == 200)
            try await body(api)
        }
    }

    @Test func listShowsWhatACameraShows() async throws {
        try await withCameras { api in
            let list = try await api.get("/cameras?include=health,counts")
            let items = try #require(list["items"]?.array)
            for (index, item) in items.enumerated() {
                let shown = try await api.get("/cameras/\(index + 1)")
                let document = try JSON.parse(shown.body)
                #expect(item == document)
            }
            #expect(items[0]["health"]?["fps"]?.number == 25)
            #expect(items[0]["counts_today"]?["count_in"] == 3)
            #expect(items[1]["health"] == .null)
            #expect(items[1]["counts_today"]?["readings"] == 0)
            #expect(list.header("Link")?.contains("include=health%2Ccounts") == true)
        }
    }

    @Test func onlyWhatIsAskedForComes() async throws {
        try await withCameras { api in
            for (query, members) in [
                ("", []), ("?include=health", ["health"]), ("?include=counts", ["counts_today"]),
                ("?include=counts,health", ["counts_today", "health"]),
            ] as [(String, [String])] {
                let item = try #require(try await api.get("/cameras\(query)")["items"]?.array?.first?.object)
                #expect(item.keys.filter { ["health", "counts_today"].contains($0) }.sorted() == members, "\(query)")
            }
        }
    }

    @Test(arguments: ["", "health,", "health,health", "Health", "health,lines", "counts_today"])
    func whatDoesNotComeIsAFault(_ names: String) async throws {
        try await withAPI { api in
            let answer = try await api.get("/cameras?include=\(names)")
            #expect(answer.faults == ["include unknown_value"])
        }
    }

    @Test func metadataIsFilteredByNameAndValue() async throws {
        try await withAPI { api in
            for metadata in [
                #"{"store":12}"#, #"{"store":"12","open":true}"#, #"{"store":12.0,"a.b":"x y"}"#, #"{"store":[12]}"#,
                #"{"floor":{"store":12}}"#, #"{"open":"true"}"#, #"{"store":null,"big":"123456789012345678901"}"#,
                #"{"":"none"}"#,
            ] { try await api.register(TestAPI.camera(#""metadata":\#(metadata)"#)) }
            #expect(try await api.get("/cameras?min_position=\(try await api.log.head())").status == 200)
            func ids(_ query: String) async throws -> [Int64] {
                let answer = try await api.get("/cameras?\(query)")
                let ids = (answer["items"]?.array ?? []).compactMap { $0["id"]?.integer }
                #expect(answer["total"]?.integer == Int64(ids.count), "\(answer.body)")
                return ids
            }
            #expect(try await ids("metadata.store=12") == [1, 2, 3])
            #expect(try await ids("metadata.store=012") == [])
            #expect(try await ids("metadata.store=12&metadata.open=true") == [2])
            #expect(try await ids("metadata.open=true") == [2, 6])
            #expect(try await ids("metadata.a.b=x+y") == [3])
            #expect(try await ids("metadata.big=123456789012345678901") == [7])
            #expect(try await ids("metadata.store=1e99999") == [])
            #expect(try await ids("metadata.store=null") == [])
            #expect(try await ids("metadata.st%22ore=%7D") == [])
            #expect(try await ids("stream_type=rtsp&metadata.open=true") == [2, 6])
            #expect(try await ids("stream_type=file") == [])
            let link = try await api.get("/cameras?metadata.store=12&limit=1").header("Link")
            #expect(link?.contains("&metadata.store=12>; rel=\"next\"") == true, "\(link ?? "")")
            #expect(try await api.get("/cameras?metadata.=x").faults == ["metadata. too_short"])
            #expect(try await api.get("/cameras?metadata=x").faults == ["metadata unknown_parameter"])
            #expect(try await api.get("/cameras?metadata.a=1&metadata.a=2").faults == ["metadata.a given_twice"])
            let many = (1...9).map { "metadata.m\($0)=1" }.joined(separator: "&")
            #expect(try await api.get("/cameras?\(many)").faults == ["metadata.m1 too_many"])
            #expect(try await api.get("/cameras?stream_type=hls").faults == ["stream_type unknown_value"])
        }
    }
}
