import Counting
import EventSourcing
import Testing
import UseCases

@Suite struct AssignmentTests {
    let useCases = TestUseCases()
    var assignments: Assignments { Assignments(commands: useCases.cameras) }

    private struct OutOfSight: Error {}

    @Test func aCameraThatIsRefusedHoldsUpNoOther() async throws {
        let (first, second) = (try await useCases.register(), try await useCases.register())
        let third = try await useCases.register()
        let worker = try WorkerID("w1")
        _ = await assignments.assign([third], to: worker, metadata: EventMetadata()) { _ in }
        let results = await assignments.assign([first, second, third], to: worker, metadata: EventMetadata()) {
            if $0 == second { throw OutOfSight() }
        }
        #expect(results.map(\.camera) == [first, second, third])
        guard case .done(version: 2, _) = results[0].outcome, case .refused(is OutOfSight) = results[1].outcome,
            case .unchanged(version: 2) = results[2].outcome
        else {
            Issue.record("\(results)")
            return
        }
    }

    /// Under one key the log would take one append, and note that the request is done.
    @Test func severalAppendsAreMadeWithoutTheRequestsKey() async throws {
        let cameras = [try await useCases.register(), try await useCases.register()]
        let state = try await useCases.log.claim("k", fingerprint: "f", lease: .seconds(60), keeping: .seconds(600))
        guard case .claimed(let claim) = state else {
            Issue.record("\(state)")
            return
        }
        let results = await assignments.assign(
            cameras, to: try WorkerID("w1"), metadata: EventMetadata(request: claim)
        ) { _ in }
        #expect(results.allSatisfy { $0.position != nil })
    }
}
