import Counting
import Testing

@testable import API

@Suite struct CameraDocumentCacheTests {
    private typealias Version = CameraDocumentCache.Version

    @Test func onlyTheVersionThatIsAskedForIsGiven() throws {
        let cache = CameraDocumentCache()
        let (one, two) = (try CameraID(1), try CameraID(2))
        cache.keep([1], of: one, Version(build: 7, number: 3, status: "online"))
        #expect(cache.document(of: one, Version(build: 7, number: 3, status: "online")) == [1])
        #expect(cache.document(of: one, Version(build: 7, number: 4, status: "online")) == nil)
        #expect(cache.document(of: one, Version(build: 8, number: 3, status: "online")) == nil)
        #expect(cache.document(of: two, Version(build: 7, number: 3, status: "online")) == nil)
        #expect(cache.document(of: one, Version(build: 7, number: 3, status: "offline")) == nil)
        cache.keep([2], of: one, Version(build: 7, number: 4, status: "online"))
        #expect(cache.document(of: one, Version(build: 7, number: 3, status: "online")) == nil)
        #expect(cache.document(of: one, Version(build: 7, number: 4, status: "online")) == [2])
    }

    @Test func whatIsRememberedStaysWithinItsBound() throws {
        let cache = CameraDocumentCache()
        let quarter = [UInt8](repeating: 0, count: CameraDocumentCache.maximumBytes / 4)
        let version = Version(build: 1, number: 1, status: "online")
        func known() throws -> [Int64] { try (1...6).filter { cache.hasDocument(of: try CameraID($0)) } }
        for number in 1...4 { cache.keep(quarter, of: try CameraID(Int64(number)), version) }
        #expect(try known() == [1, 2, 3, 4])
        cache.keep(quarter, of: try CameraID(4), Version(build: 1, number: 2, status: "online"))
        #expect(try known() == [1, 2, 3, 4])
        cache.keep(quarter, of: try CameraID(5), version)
        #expect(try known() == [5])
    }
}
