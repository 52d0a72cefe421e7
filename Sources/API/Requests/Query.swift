import Counting
import EventSourcing
import Foundation
import Hummingbird

/// Reads a request's query parameter by parameter, and notes all that is wrong. Parameters that nobody asked for, or
/// that are given twice, are faults too.
final class Query {
    /// Without a value: what cannot be decoded.
    private let parameters: [(name: ExactText, value: String?)]
    private let faults = Faults()
    private var known: Set<ExactText> = []
    /// Of the headers `Footfall-Position`.
    private let seenPositions: [String]
    private var malformedHeader: Problem?

    private init(_ request: Request) {
        seenPositions = request.headers[values: .position]
        parameters = (request.uri.query ?? "").split(separator: "&").map { parameter in
            let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = Self.decoded(parts[0]) ?? String(parts[0])
            return (ExactText(name), parts.count == 2 ? Self.decoded(parts[1]) : "")
        }
    }

    /// As forms encode it (WHATWG's URL standard): `+` is a space. nil where that gives no text in UTF-8.
    private static func decoded(_ text: Substring) -> String? {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(text)
        }
        return text.replacing("+", with: " ").removingPercentEncoding
    }

    /// What `read` makes of the query.
    static func read<Value>(_ request: Request, _ read: (Query) -> Field<Value>) throws(Problem) -> Value {
        let query = Query(request)
        let value = read(query)
        if let problem = query.malformedHeader { throw problem }
        if query.parameters.isEmpty { return try query.faults.check(value) }
        let unknown = query.parameters.lazy.map(\.name).filter { !query.known.contains($0) }
        for name in Set(unknown).inOrder {
            query.faults.note(Fault(at: .parameter(name), "unknown_parameter", "There is no such parameter here."))
        }
        return try query.faults.check(value)
    }

    /// What `read` makes of a command's query, which may give a position too: see `position`.
    static func command<Value>(_ request: Request, _ read: (Query) -> Field<Value>) throws(Problem) -> Value {
        try self.read(request) { query in
            _ = query.minimumPosition()
            return read(query)
        }
    }

    /// Checks that a command is given no other parameter.
    static func none(_ request: Request) throws(Problem) {
        try command(request) { _ in .success(()) }
    }

    /// The position that a command comes after, where the request gives one.
    static func position(_ request: Request) throws(Problem) -> Int64? {
        guard request.headers[.position] != nil || request.uri.query?.contains("min_position") == true else {
            return nil
        }
        let query = Query(request)
        let position = query.minimumPosition()
        if let problem = query.malformedHeader { throw problem }
        return try query.faults.check(position)
    }

    /// The position in the header `Footfall-Position`; nil where there is none.
    func seenPosition() -> Int64? {
        guard let text = seenPositions.first else { return nil }
        guard seenPositions.count == 1, let position = Int64(text), position >= 0, String(position) == text else {
            malformedHeader = Problem(.malformedHeader, "Footfall-Position is a position of the log.")
            return nil
        }
        return position
    }

    func optional<Value>(_ name: String, _ rule: (String) throws(InvalidValue) -> Value) -> Field<Value?> {
        let exact = ExactText(name)
        known.insert(exact)
        let values = parameters.filter { $0.name == exact }.map(\.value)
        guard let first = values.first else { return .success(nil) }
        guard values.count == 1 else { return note(name, "given_twice", "This parameter is given more than once.") }
        guard let value = first else {
            return note(name, "malformed", "The percent-encoding is broken, or stands for no text in UTF-8.")
        }
        guard !value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            return note(name, "invalid_character", "A parameter holds no control characters.")
        }
        return make(at: name) { () throws(InvalidValue) in try rule(value) }
    }

    func value<Value>(
        _ name: String, default standard: Value, _ rule: (String) throws(InvalidValue) -> Value
    ) -> Field<Value> {
        optional(name, rule).map { $0 ?? standard }
    }

    /// The names of the parameters that begin with `prefix`, each once, in order: for those that callers name themselves.
    func names(beginningWith prefix: String) -> [String] {
        Set(parameters.lazy.map(\.name).filter { $0.text.beginsExactly(with: prefix) }).inOrder
    }

    /// The value that parameters make together; a rule that it breaks is noted at one of them.
    func make<Value>(at name: String, _ make: () throws -> Value) -> Field<Value> {
        do { return .success(try make()) } catch {
            if let rule = error as? InvalidValue { faults.note(Fault(at: .parameter(name), rule)) }
            return .failure(Noted())
        }
    }

    private func note<Value>(_ name: String, _ code: String, _ detail: String) -> Field<Value> {
        faults.note(Fault(at: .parameter(name), code, detail))
        return .failure(Noted())
    }
}

extension Set<ExactText> {
    /// The texts in the order of their UTF-8.
    fileprivate var inOrder: [String] {
        map(\.text).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

/// Rules for the text of a parameter.
enum QueryRule {
    /// A text to look for: in NFC, as names are kept.
    static func text(_ text: String) -> String { text.inNormalForm }

    static func integer(in bounds: ClosedRange<Int64>) -> (String) throws(InvalidValue) -> Int64 {
        { (text: String) throws(InvalidValue) in
            guard let value = Int64(text), bounds.contains(value) else {
                let upper = bounds.upperBound == .max ? "up" : "to \(bounds.upperBound)"
                throw InvalidValue(.outOfRange, "This is an integer from \(bounds.lowerBound) \(upper).")
            }
            return value
        }
    }

    static func instant(_ text: String) throws(InvalidValue) -> Timestamp {
        guard let instant = Timestamp(rfc3339: withPlus(text)) else {
            throw InvalidValue(.malformed, "This is a time of RFC 3339 with an offset, such as 2026-03-29T00:30:00Z.")
        }
        return instant
    }

    static func flag(_ text: String) throws(InvalidValue) -> Bool {
        if text.isExactly("true") { return true }
        guard text.isExactly("false") else { throw InvalidValue(.unknownValue, "This is true or false.") }
        return false
    }

    /// A + that was sent as it is has become a space; none stands before an offset otherwise, `02:00` at the end.
    private static func withPlus(_ text: String) -> String {
        var bytes = Array(text.utf8)
        guard bytes.count > 6, bytes[bytes.count - 6] == UInt8(ascii: " ") else { return text }
        bytes[bytes.count - 6] = UInt8(ascii: "+")
        return String(decoding: bytes, as: UTF8.self)
    }
}
