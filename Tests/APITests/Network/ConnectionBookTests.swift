import NIOCore
import Synchronization
import Testing

@testable import API

@Suite struct ConnectionBookTests {
    /// Connections by names, and which of them were closed to make room.
    private final class Door {
        final class Name {}

        private final class Gone: Sendable { let names = Mutex<[String]>([]) }

        let book = ConnectionBook()
        let limits: ConnectionBook.Limits
        private var names: [String: Name] = [:]
        private let gone = Gone()
        private var time = ContinuousClock.now

        init(total: Int, perNetwork: Int) { limits = .init(total: total, perNetwork: perNetwork) }

        var closed: [String] { gone.names.withLock(\.self) }

        func id(_ name: String) -> ObjectIdentifier {
            let object = names[name] ?? Name()
            names[name] = object
            return ObjectIdentifier(object)
        }

        /// A moment after what came before.
        func open(_ name: String, from address: String?) -> ConnectionBook.Outcome {
            time += .seconds(1)
            return book.add(
                id(name), of: address.flatMap(ClientNetwork.init(of:)), within: limits, at: time
            ) { [gone] in gone.names.withLock { $0.append(name) } }
        }
    }

    @Test func oneNetworkHasItsShareAndDrivesOutItsOwn() {
        let door = Door(total: 100, perNetwork: 3)
        for name in ["a1", "a2", "a3"] { #expect(door.open(name, from: "10.0.0.1") == .taken) }
        #expect(door.open("b1", from: "10.0.0.2") == .taken)
        #expect(door.open("a4", from: "10.0.0.1") == .tookPlace(isNetworkFull: true))
        #expect(door.closed == ["a1"])
        // One that answers a request is not idle.
        door.book.requestBegan(on: door.id("a2"))
        #expect(door.open("a5", from: "::ffff:10.0.0.1") == .tookPlace(isNetworkFull: true))
        #expect(door.closed == ["a1", "a3"])
        #expect(door.book.count == 4)
    }

    @Test func aTrustedProxyHasNoShare() {
        let door = Door(total: 100, perNetwork: 3)
        for number in 0..<10 { #expect(door.open("p\(number)", from: nil) == .taken) }
        #expect(door.closed.isEmpty)
    }

    @Test func theLongestIdleGivesWayWhereAllPlacesAreTaken() {
        let door = Door(total: 16, perNetwork: 16)
        for number in 0..<15 { #expect(door.open("a\(number)", from: "10.0.0.\(number)") == .taken) }
        // The last of sixteen is for anyone who has proved something.
        door.book.requestBegan(on: door.id("a0"))
        #expect(door.open("b", from: "10.0.1.1") == .tookPlace(isNetworkFull: false))
        #expect(door.closed == ["a1"])
        // Where all are at work, the one that has been longest gives way.
        for number in 2..<15 { door.book.requestBegan(on: door.id("a\(number)")) }
        door.book.requestBegan(on: door.id("b"))
        #expect(door.open("c", from: "10.0.1.2") == .tookPlace(isNetworkFull: false))
        #expect(door.closed == ["a1", "a0"])
    }

    @Test func aSixteenthIsForTheProvedWhoGiveWayLast() {
        let door = Door(total: 16, perNetwork: 16)
        #expect(door.open("worker", from: "10.0.0.1") == .taken)
        door.book.prove(on: door.id("worker"))
        // Fifteen others have room beside it, and the sixteenth of them takes the place of one of theirs.
        for number in 0..<15 { #expect(door.open("a\(number)", from: "10.0.1.\(number)") == .taken) }
        #expect(door.open("b", from: "10.0.2.1") == .tookPlace(isNetworkFull: false))
        #expect(door.closed == ["a0"])
        // Proved and idle, it gives way after all that are not proved, even those at work.
        for number in 1..<15 {
            door.book.requestBegan(on: door.id("a\(number)"))
            door.book.prove(on: door.id("a\(number)"))
        }
        door.book.requestBegan(on: door.id("b"))
        #expect(door.open("c", from: "10.0.2.2") == .tookPlace(isNetworkFull: false))
        #expect(door.closed == ["a0", "b"])
        door.book.requestBegan(on: door.id("c"))
        door.book.prove(on: door.id("c"))
        #expect(door.open("d", from: "10.0.2.3") == .tookPlace(isNetworkFull: false))
        #expect(door.closed == ["a0", "b", "worker"])
        // Where all are proved and at work, none gives way.
        door.book.requestBegan(on: door.id("d"))
        door.book.prove(on: door.id("d"))
        #expect(door.open("e", from: "10.0.2.4") == .refused(isNetworkFull: false))
        #expect(door.book.count == 16)
    }

    @Test func networksAreThoseThatOneClientHas() {
        let network = ClientNetwork.init(of:)
        #expect(network("::ffff:10.0.0.1") == network("10.0.0.1"))
        #expect(network("10.0.0.1") != network("10.0.0.2"))
        #expect(network("2001:db8:1:2ff::1") == network("2001:db8:1:200::2"))
        #expect(network("2001:db8:1:2ff::1") != network("2001:db8:1:300::1"))
        #expect(network("2001:db8:1:2ff::1")?.description == "2001:0db8:0001:0200::/56")
        #expect(network("x") == nil)
    }
}
