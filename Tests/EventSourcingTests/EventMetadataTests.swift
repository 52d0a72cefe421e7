import EventSourcing
import Testing

@Suite struct EventMetadataTests {
    let full = EventMetadata(
        actor: "anna", correlationID: "c", causationID: "42", traceID: "t", clientAddress: "10.0.0.9")

    /// Events are hashed, archived and exported in this form: it never changes.
    @Test func theCanonicalFormIsFixed() {
        #expect(
            String(decoding: full.bytes(producer: ProducerSequence(source: "s", sequence: 5)), as: UTF8.self)
                == #"{"actor": "anna", "source": "s", "sequence": 5, "trace_id": "t", "causation_id": "42", "client_address": "10.0.0.9", "correlation_id": "c"}"#
        )
        #expect(EventMetadata().bytes() == Array("{}".utf8))
    }

    @Test func theCanonicalFormIsReadAgain() throws {
        var awkward = full
        awkward.actor = "a\"b\\c\n\u{1}é"
        for metadata in [full, awkward, EventMetadata()] {
            #expect(EventMetadata(try JSON.parse(metadata.bytes())) == metadata)
        }
        #expect(EventMetadata([:]) == EventMetadata())
    }

    @Test func membersAreReadFromTheCanonicalForm() {
        var members = StoredMetadata(full, producer: ProducerSequence(source: "s\t", sequence: -5))
        members.actor = "a\"b\\c\n\u{1}é"
        #expect(StoredMetadata(canonical: members.canonical) == members)
        #expect(StoredMetadata(canonical: Array("{}".utf8)) == StoredMetadata())
    }

    /// What is not read whole is not read at all: its hash would be another.
    @Test(
        arguments: [
            "", "[]", "{", #"{"actor":"anna"}"#, #"{"actor": 7}"#, #"{"actor": "anna", "later": 1}"#,
            #"{"source": "s", "actor": "anna"}"#, #"{"sequence": 5.0}"#, #"{"actor": null}"#,
        ])
    func otherFormsAreNone(_ text: String) {
        #expect(StoredMetadata(canonical: Array(text.utf8)) == nil)
    }
}
