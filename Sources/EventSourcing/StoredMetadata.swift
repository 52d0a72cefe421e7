/// An event's metadata, member by member, as a log keeps it: what `EventMetadata` says, and the producer of its append.
///
/// The canonical form is one JSON object, written as PostgreSQL writes the jsonb value: members in jsonb's order (short
/// names first, then by bytes), a space after each comma and colon, strings as its `escape_json` writes them, nothing for
/// an absent member. An event's hash covers this form, and files of the archive and proofs hold it, in whatever columns a
/// table keeps the members; so none of them changes with the table, and the form never changes.
package struct StoredMetadata: Hashable, Sendable {
    package var actor: String?
    /// Of the producer; its sequence in the same way.
    package var source: String?
    package var sequence: Int64?
    package var traceID: String?
    package var causationID: String?
    package var clientAddress: String?
    package var correlationID: String?

    package init(
        actor: String? = nil, source: String? = nil, sequence: Int64? = nil, traceID: String? = nil,
        causationID: String? = nil, clientAddress: String? = nil, correlationID: String? = nil
    ) {
        self.actor = actor
        self.source = source
        self.sequence = sequence
        self.traceID = traceID
        self.causationID = causationID
        self.clientAddress = clientAddress
        self.correlationID = correlationID
    }

    package init(_ metadata: EventMetadata, producer: ProducerSequence?) {
        self.init(
            actor: metadata.actor, source: producer?.source, sequence: producer?.sequence, traceID: metadata.traceID,
            causationID: metadata.causationID, clientAddress: metadata.clientAddress,
            correlationID: metadata.correlationID)
    }

    /// - Parameter bytes: the canonical form. Nil where they are not: a later release wrote them, with a member that this
    ///   one has no place for, or they are no metadata at all.
    package init?(canonical bytes: [UInt8]) {
        guard let json = try? JSON.parse(bytes) else { return nil }  // what is wrong with it says nothing more
        self.init(
            actor: json["actor"]?.string, source: json["source"]?.string, sequence: json["sequence"]?.integer,
            traceID: json["trace_id"]?.string, causationID: json["causation_id"]?.string,
            clientAddress: json["client_address"]?.string, correlationID: json["correlation_id"]?.string)
        guard canonical == bytes else { return nil }
    }

    package var canonical: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(192)
        func write(_ name: StaticString) {
            output.append(contentsOf: output.isEmpty ? "{\"".utf8 : ", \"".utf8)
            output.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
            output.append(contentsOf: "\": ".utf8)
        }
        func write(_ name: StaticString, _ text: String?) {
            guard let text else { return }
            write(name)
            JSON.writeAsPostgres(text, to: &output)
        }
        write("actor", actor)
        write("source", source)
        if let sequence {
            write("sequence")
            output.append(contentsOf: String(sequence).utf8)
        }
        write("trace_id", traceID)
        write("causation_id", causationID)
        write("client_address", clientAddress)
        write("correlation_id", correlationID)
        if output.isEmpty { output.append(UInt8(ascii: "{")) }
        output.append(UInt8(ascii: "}"))
        return output
    }
}
