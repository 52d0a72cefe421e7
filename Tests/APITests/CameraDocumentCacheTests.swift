import Counting
import Testing

@testable import API

@Suite struct CameraDocumentCacheTests {
    private func version(
        _ build: Int64, _ number: Int64, of history: Int64 = 1, at updatedAt: Int64 = 5, status: String = "online"
    ) -> CameraDocumentCache.Version {
        CameraDocumentCache.Version(
            history: history, build: build, number: number, status: status, updatedAt: updatedAt)
    }

    @Test func onlyTheVersionThatIsAskedForIsGiven() throws {
        let cache = CameraDocumentCache()
        let (one, two) = (try CameraID(1), try CameraID(2))
        cache.keep([1], of: one, version(7, 3))
        #expect(cache.document(of: one, version(7, 3)) == [1])
        #expect(cache.document(of: one, version(7, 4)) == nil)
        #expect(cache.document(of: one, version(8, 3)) == nil)
        #expect(cache.document(of: two, version(7, 3)) == nil)
        // The same number in another history, and where another history was not noticed.
        #expect(cache.document(of: one, version(7, 3, of: 2)) == nil)
        #expect(cache.document(of: one, version(7, 3, at: 6)) == nil)
        #expect(cache.document(of: one, version(7, 3, status: "offline")) == nil)
        cache.keep([2], of: one, version(7, 4))
        #expect(cache.document(of: one, version(7, 3)) == nil)
        #expect(cache.document(of: one, version(7, 4)) == [2])
    }

    @Test func whatIsRememberedStaysWithinItsBound() throws {
        let cache = CameraDocumentCache()
        let quarter = [UInt8](repeating: 0, count: CameraDocumentCache.maximumBytes / 4)
        let first = version(1, 1)
        func known() throws -> [Int64] { try (1...6).filter { cache.hasDocument(of: try CameraID($0)) } }
        for number in 1...4 { cache.keep(quarter, of: try CameraID(Int64(number)), first) }
        #expect(try known() == [1, 2, 3, 4])
        cache.keep(quarter, of: try CameraID(4), version(1, 2))
        #expect(try known() == [1, 2, 3, 4])
        cache.keep(quarter, of: try CameraID(5), first)
        #expect(try known() == [5])
    }
}
