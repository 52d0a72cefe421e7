import Foundation
import Testing
import Transparency

@Suite struct SignedNoteTests {
    /// The example of golang.org/x/mod/sumdb/note.
    private static let text = """
        If you think cryptography is the answer to your problem,
        then you don't know what your problem is.

        """
    private static let note =
        text + """

            — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=

            """
    private static let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

    private let signer: NoteSigner
    private let witness: NoteSigner

    init() throws {
        signer = try #require(NoteSigner(name: "example.com/log", seed: Array(repeating: 7, count: 32)))
        witness = try #require(
            NoteSigner(name: "witness.example/w1", kind: .cosignature, seed: Array(repeating: 8, count: 32)))
    }

    @Test func aNoteOfAnotherProgramIsVerified() throws {
        let key = try #require(NoteKey(encoded: Self.key))
        #expect(key.name == "PeterNeumann" && key.id == 0xc74f_20a3 && key.encoded == Self.key)
        let note = try #require(SignedNote(Array(Self.note.utf8)))
        #expect(note.text == Self.text && note.description == Self.note)
        #expect(note.verified(by: [signer.key, key]) == [key])
        #expect(note.verified(by: [signer.key]).isEmpty)
        let altered = try #require(SignedNote(Array(Self.note.replacing("answer", with: "question").utf8)))
        #expect(altered.verified(by: [key]).isEmpty)
    }

    @Test func severalKeysSignOneText() throws {
        let checkpoint = Checkpoint(origin: "example.com/log", size: 12, root: .leaf([1]))
        var note = try #require(SignedNote(text: checkpoint.text))
        note.add(try signer.signature(of: note.text, at: 0))
        note.add(try witness.signature(of: note.text, at: 1_679_315_147))
        note.add(try signer.signature(of: note.text, at: 0))
        let read = try #require(SignedNote(Array(note.description.utf8)))
        #expect(read == note && read.signatures.count == 2)
        #expect(read.verified(by: [witness.key, signer.key]) == [witness.key, signer.key])
        #expect(read.signatures.map(\.cosignedAt) == [1_679_315_147, nil])
        #expect(Checkpoint(text: read.text) == checkpoint)
    }

    @Test func aFalseSignatureOfATrustedKeyMakesTheNoteWorthless() throws {
        var note = try #require(SignedNote(text: "a\n"))
        note.add(try witness.signature(of: "a\n", at: 5))
        note.add(try signer.signature(of: "b\n", at: 0))
        #expect(note.verified(by: [witness.key]) == [witness.key])
        #expect(note.verified(by: [witness.key, signer.key]).isEmpty)
    }

    @Test func theTimeOfACosignatureIsSigned() throws {
        var note = try #require(SignedNote(text: "a\n"))
        let made = try witness.signature(of: "a\n", at: 5)
        var bytes = made.bytes
        bytes[7] = 6
        note.add(NoteSignature(name: made.name, keyID: made.keyID, bytes: bytes))
        #expect(note.verified(by: [witness.key]).isEmpty)
    }

    /// The signer of the example of golang.org/x/mod/sumdb/note.
    @Test func aSignerOfAnotherProgramMakesItsSignature() throws {
        let text = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
        let signer = try #require(NoteSigner(encoded: text))
        #expect(signer.encoded == text && signer.key.encoded == Self.key)
        var note = try #require(SignedNote(text: Self.text))
        note.add(try signer.signature(of: note.text, at: 0))
        #expect(note.description == Self.note)
        #expect(NoteSigner(encoded: text.dropLast()) == nil)
        #expect(NoteSigner(encoded: text.replacing("c74f", with: "c74e")) == nil)
        #expect(NoteSigner(encoded: Self.key) == nil)
    }

    @Test(arguments: [
        "", "\n", "a", "a\n", "a\n\n", "a\n\n— x\n", "a\n\n— x AAAAAAA=", "a\n\n— x AAAA\n", "a\n\n- x AAAAAAA=\n",
        "a\n\n—  AAAAAAA=\n", "a\n\n— x+y AAAAAAA=\n", "a\n\n— x AAAAAAB=\n", "a\n\n— x AAAAAAA=\nb\n",
        "a\r\n\n— x AAAAAAA=\n", "a\n\n— x AAAAAAA= \n",
    ])
    func whatIsNoNoteIsNotRead(text: String) { #expect(SignedNote(Array(text.utf8)) == nil) }

    @Test func aNoteIsBounded() {
        let line = "— x AAAAAAA=\n"
        #expect(SignedNote(Array(("a\n\n" + String(repeating: line, count: 100)).utf8)) != nil)
        #expect(SignedNote(Array(("a\n\n" + String(repeating: line, count: 101)).utf8)) == nil)
        #expect(SignedNote(Array((String(repeating: "a", count: 70_000) + "\n\n" + line).utf8)) == nil)
        #expect(SignedNote([0xff, 0x0a, 0x0a] + Array(line.utf8)) == nil)
    }

    @Test(arguments: [
        "", "a+b", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "PeterNeumann+c74f20a3+AQ==",
    ])
    func whatIsNoKeyIsNotRead(text: String) { #expect(NoteKey(encoded: text) == nil) }

    @Test(arguments: [
        "", "a\n1\n", "a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
        "a\n1\nAAAA\n", "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nb\n",
    ])
    func whatIsNoCheckpointIsNotRead(text: String) { #expect(Checkpoint(text: text) == nil) }
}
