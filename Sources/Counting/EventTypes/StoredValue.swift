import EventSourcing

/// A value that is one member of an event's data.
package protocol StoredValue: Sendable {
    static var memberType: MemberType { get }

    var json: JSON { get }

    /// Takes the value out of the log as it is; nil where it is of another kind.
    init?(stored json: JSON)

    /// Takes the value as a request gives it.
    /// - Returns: nil where it is of another kind.
    /// - Throws: where it breaks the rules of today.
    init?(given json: JSON) throws(InvalidValue)
}

extension Quantity {
    package static var memberType: MemberType { .quantity(Self.self) }

    package var json: JSON { .number(value) }

    package init?(stored json: JSON) {
        guard let number = json.number else { return nil }
        self.init(stored: number)
    }

    package init?(given json: JSON) throws(InvalidValue) {
        guard let number = json.number else { return nil }
        try self.init(number)
    }
}

extension BoundedText {
    package static var memberType: MemberType { .text(Self.self) }

    package var json: JSON { .string(text) }

    package init?(stored json: JSON) {
        guard let text = json.string else { return nil }
        self.init(stored: text)
    }

    package init?(given json: JSON) throws(InvalidValue) {
        guard let text = json.string else { return nil }
        try self.init(text)
    }
}

extension Tally: StoredValue {
    package static var memberType: MemberType { .tally }

    package var json: JSON { .integer(count) }

    package init?(stored json: JSON) {
        guard let count = json.integer else { return nil }
        self.init(stored: count)
    }

    package init?(given json: JSON) throws(InvalidValue) {
        guard let count = json.wholeNumber else { return nil }
        try self.init(count)
    }
}
