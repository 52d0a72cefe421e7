import EventSourcing

/// The members of a stored event's data, read one by one.
struct StoredMembers {
    private let event: RecordedEvent
    private let data: JSON

    init(_ event: RecordedEvent) throws(EventDecodingError) {
        self.event = event
        do { data = try JSON.parse(event.data) } catch { throw EventDecodingError(event, reason: error.description) }
    }

    func required<Value>(_ name: String, _ read: (JSON) -> Value?) throws(EventDecodingError) -> Value {
        guard let value = try optional(name, read) else {
            throw EventDecodingError(event, reason: "\(name) is missing")
        }
        return value
    }

    /// nil where the member is absent.
    func optional<Value>(_ name: String, _ read: (JSON) -> Value?) throws(EventDecodingError) -> Value? {
        guard let member = data[name] else { return nil }
        guard let value = read(member) else {
            throw misfit(name, member)
        }
        return value
    }

    /// Leaves the property as it is where the member is absent.
    func take<Whole>(_ member: OptionalMember<Whole>, into whole: inout Whole) throws(EventDecodingError) {
        guard let json = data[member.name] else { return }
        guard member.store(json, &whole) else { throw misfit(member.name, json) }
    }

    func text<Text: BoundedText>(_ name: String, _: Text.Type = Text.self) throws(EventDecodingError) -> Text {
        Text(stored: try required(name, \.string))
    }

    func optionalText<Text: BoundedText>(_ name: String, _: Text.Type = Text.self) throws(EventDecodingError) -> Text? {
        try optional(name, \.string).map(Text.init(stored:))
    }

    private func misfit(_ name: String, _ json: JSON) -> EventDecodingError {
        EventDecodingError(event, reason: "\(name) is \(json.kind) that does not fit")
    }
}
