import Crypto
import Testing

@testable import Secrets

@Suite struct DataKeyTests {
    private let key = DataKey.random(for: 7)
    private let text = Array("admin:s3cret".utf8)

    @Test func whatIsSealedOpens() throws {
        let sealed = try key.seal(text, for: .streamCredentials)
        #expect(try key.open(sealed, for: .streamCredentials) == text)
    }

    /// Nonce of 12 bytes, as many bytes as there were, and a tag of 16; never the same twice.
    @Test func eachSealHasANonceOfItsOwn() throws {
        let sealed = try (0..<100).map { _ in try key.seal(text, for: .frameData) }
        #expect(sealed.allSatisfy { $0.count == 12 + text.count + 16 })
        #expect(Set(sealed.map { Array($0.prefix(12)) }).count == 100)
    }

    @Test func aSealDoesNotOpenForAnotherPurpose() throws {
        for purpose in Purpose.allCases {
            let sealed = try key.seal(text, for: purpose)
            for other in Purpose.allCases where other != purpose {
                #expect(throws: (any Error).self) { try key.open(sealed, for: other) }
            }
        }
    }

    /// Even under the same 32 bytes: the binding says whose it is.
    @Test func aSealDoesNotOpenForAnotherCameraOrKeyID() throws {
        let bytes = SymmetricKey(size: .bits256)
        let one = DataKey(id: "a", cameraID: 7, key: bytes)
        let sealed = try one.seal(text, for: .streamCredentials)
        #expect(try one.open(sealed, for: .streamCredentials) == text)
        for other in [DataKey(id: "a", cameraID: 8, key: bytes), DataKey(id: "b", cameraID: 7, key: bytes)] {
            #expect(throws: (any Error).self) { try other.open(sealed, for: .streamCredentials) }
        }
    }

    @Test func alteredSealsDoNotOpen() throws {
        let sealed = try key.seal(text, for: .streamCredentials)
        for index in sealed.indices {
            var altered = sealed
            altered[index] ^= 1
            #expect(throws: (any Error).self) { try key.open(altered, for: .streamCredentials) }
        }
        #expect(throws: (any Error).self) { try key.open(Array(sealed.dropLast()), for: .streamCredentials) }
        #expect(throws: (any Error).self) { try key.open([], for: .streamCredentials) }
    }

    @Test func namesTellWhetherTextsAreTheSameToWhoHasTheKeyOnly() {
        #expect(key.name(of: "a", for: .streamCredentials) == key.name(of: "a", for: .streamCredentials))
        #expect(key.name(of: "a", for: .streamCredentials) != key.name(of: "b", for: .streamCredentials))
        #expect(key.name(of: "a", for: .streamCredentials) != key.name(of: "a", for: .securityConfig))
        let other = DataKey.random(for: 7)
        #expect(key.name(of: "a", for: .streamCredentials) != other.name(of: "a", for: .streamCredentials))
    }

    @Test func aWrappedKeyOpensForItsCameraAndIDUnderItsMasterKeyOnly() throws {
        let (master, other) = (MasterKey.random(), MasterKey.random())
        let wrapped = try master.wrap(key)
        let opened = try master.unwrap(wrapped, of: 7, id: key.id)
        #expect(try opened.open(key.seal(text, for: .frameData), for: .frameData) == text)
        #expect(throws: (any Error).self) { try other.unwrap(wrapped, of: 7, id: key.id) }
        #expect(throws: (any Error).self) { try master.unwrap(wrapped, of: 8, id: key.id) }
        #expect(throws: (any Error).self) { try master.unwrap(wrapped, of: 7, id: "other") }
    }
}
