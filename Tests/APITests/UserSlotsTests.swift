import Testing

@testable import API

@Suite struct UserSlotsTests {
    @Test func oneUserHasAShareAndAllHaveABound() {
        let slots = UserSlots(3, ofUser: 2)
        var ana = [slots.take(for: "ana"), slots.take(for: "ana")]
        #expect(ana.allSatisfy { $0 != nil })
        #expect(slots.take(for: "ana") == nil)
        let ben = slots.take(for: "ben")
        #expect(ben != nil && slots.take(for: "eve") == nil)
        ana.removeAll()
        withExtendedLifetime(ben) {
            #expect(slots.take(for: "ana") != nil)
        }
        #expect(slots.take(for: "eve") != nil)
    }
}
