import EventSourcing
import Testing

@Suite struct EventMetadataTests {
    let full = EventMetadata(
        actor: "anna", correlationID: "c", causationID: "42", traceID: "t", clientAddress: "10.0.0.9")

    @Test func storedFormIsFixed() {
        #expect(
            full.json(producer: ProducerSequence(source: "s", sequence: 5)).text
                == #"{"actor":"anna","correlation_id":"c","causation_id":"42","trace_id":"t","client_address":"10.0.0.9","source":"s","sequence":5}"#
        )
        #expect(EventMetadata().json().text == "{}")
    }

    @Test func storedFormIsReadAgain() {
        #expect(EventMetadata(full.json()) == full)
        #expect(EventMetadata([:]) == EventMetadata())
    }
}
