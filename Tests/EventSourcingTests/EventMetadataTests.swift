import EventSourcing
import Testing

@Suite struct EventMetadataTests {
    let full = EventMetadata(
        actor: "anna", correlationID: "c", causationID: "42", traceID: "t", clientAddress: "10.0.0.9")

    @Test func storedFormIsFixed() {
        #expect(
            String(decoding: full.bytes(producer: ProducerSequence(source: "s", sequence: 5)), as: UTF8.self)
                == #"{"actor":"anna","correlation_id":"c","causation_id":"42","trace_id":"t","client_address":"10.0.0.9","source":"s","sequence":5}"#
        )
        #expect(EventMetadata().bytes() == Array("{}".utf8))
    }

    @Test func storedFormIsReadAgain() throws {
        var awkward = full
        awkward.actor = "a\"b\\c\n\u{1}é"
        for metadata in [full, awkward, EventMetadata()] {
            #expect(EventMetadata(try JSON.parse(metadata.bytes())) == metadata)
        }
        #expect(EventMetadata([:]) == EventMetadata())
    }
}
