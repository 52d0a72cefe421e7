import Counting
import EventSourcing

/// Reads a JSON object member by member, and notes all that is wrong instead of stopping at the first fault.
///
/// Members that nobody asked for are faults too. An optional member that is null is absent.
final class Form {
    private let members: JSONObject
    private let makePointer: () -> String
    /// Where the object is. Put together where there is a fault only.
    private lazy var pointer = makePointer()
    private let faults: Faults
    /// Whether somebody asked for each of the members.
    private var isKnown: [Bool]

    private init(_ members: JSONObject, at pointer: @escaping () -> String, faults: Faults) {
        self.members = members
        isKnown = Array(repeating: false, count: members.count)
        makePointer = pointer
        self.faults = faults
    }

    /// What `read` makes of a request's body.
    static func read<Value>(_ json: JSON, _ read: (Form) -> Field<Value>) throws(Problem) -> Value {
        let faults = Faults()
        return try faults.check(nested(json, at: "", faults, read))
    }

    private static func nested<Value>(
        _ json: JSON, at pointer: @escaping @autoclosure () -> String, _ faults: Faults,
        _ read: (Form) -> Field<Value>
    ) -> Field<Value> {
        guard let members = json.object else {
            faults.note(Fault(at: .pointer(pointer()), "wrong_type", "This must be an object, not \(json.kind)."))
            return .failure(Noted())
        }
        let form = Form(members, at: pointer, faults: faults)
        let value = read(form)
        for (index, isKnown) in form.isKnown.enumerated() where !isKnown && !faults.areEnough {
            faults.note(
                Fault(at: form.place(members[index].key), "unknown_member", "There is no such member here."))
        }
        return value
    }

    func required<Value>(_ name: String, _ rule: MemberRule<Value>) -> Field<Value> {
        present(optional(name, rule), name)
    }

    func optional<Value>(_ name: String, _ rule: MemberRule<Value>) -> Field<Value?> {
        guard let json = member(name) else { return .success(nil) }
        return make(at: place(name)) { try rule.read(json) }.flatMap { value in
            guard let value else { return note(name, "wrong_type", "This must be \(rule.kind), not \(json.kind).") }
            return .success(value)
        }
    }

    func optionalObject<Value>(_ name: String, _ read: (Form) -> Field<Value>) -> Field<Value?> {
        guard let json = member(name) else { return .success(nil) }
        return Self.nested(json, at: self.pointer(to: name), faults, read).map(Optional.some)
    }

    func requiredObject<Value>(_ name: String, _ read: (Form) -> Field<Value>) -> Field<Value> {
        present(optionalObject(name, read), name)
    }

    func requiredObjects<Element>(
        _ name: String, counted check: (Int) throws(InvalidValue) -> Void, _ read: (Form) -> Field<Element>
    ) -> Field<[Element]> {
        present(optionalObjects(name, counted: check, read), name)
    }

    /// - Parameter check: what holds for the number of elements. It is looked at first: none is read where there are too
    ///   many, and none after as many faults as are told.
    func optionalObjects<Element>(
        _ name: String, counted check: (Int) throws(InvalidValue) -> Void, _ read: (Form) -> Field<Element>
    ) -> Field<[Element]?> {
        guard let json = member(name) else { return .success(nil) }
        guard let elements = json.array else {
            return note(name, "wrong_type", "This must be an array, not \(json.kind).")
        }
        if case .failure(let noted) = make(at: name, { try check(elements.count) }) { return .failure(noted) }
        var values: [Element] = []
        values.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            if faults.areEnough { return .failure(Noted()) }
            let field = Self.nested(element, at: "\(self.pointer(to: name))/\(index)", faults, read)
            if case .success(let value) = field { values.append(value) }
        }
        return values.count == elements.count ? .success(values) : .failure(Noted())
    }

    /// The value that read members make together. A rule that it breaks is noted at the object, or at one of its members.
    func make<Value>(at name: String? = nil, _ make: () throws -> Value) -> Field<Value> {
        self.make(at: name.map(place) ?? .pointer(pointer), make)
    }

    /// Takes members that nobody asked for so far where they are as a document shows them, and notes those that are not:
    /// requests do not set them.
    /// - Parameter names: of members that may say anything.
    func checkUnchanged(_ document: JSONObject, besides names: [String]) {
        for (index, (name, given)) in members.enumerated() where !isKnown[index] {
            if names.contains(name) {
                isKnown[index] = true
            } else if let shown = document[name] {
                isKnown[index] = true
                if given.saysTheSame(as: shown) { continue }
                faults.note(
                    Fault(at: place(name), "read_only", "This is read only: as it was shown, or left out."))
            }
        }
    }

    /// Whether the member is there and not null.
    func has(_ name: String) -> Bool { member(name) != nil }

    /// - Parameter place: made where there is a fault only: a batch has thousands of members.
    private func make<Value>(at place: @autoclosure () -> Fault.Place, _ make: () throws -> Value) -> Field<Value> {
        do { return .success(try make()) } catch {
            if let rule = error as? InvalidValue { faults.note(Fault(at: place(), rule)) }
            return .failure(Noted())
        }
    }

    private func member(_ name: String) -> JSON? {
        guard let index = members.index(forKey: name) else { return nil }
        isKnown[index] = true
        let value = members[index].value
        if value == .null { return nil }
        return value
    }

    private func present<Value>(_ field: Field<Value?>, _ name: String) -> Field<Value> {
        field.flatMap { value in
            guard let value else { return note(name, "required", "This member is required.") }
            return .success(value)
        }
    }

    private func note<Value>(_ name: String, _ code: String, _ detail: String) -> Field<Value> {
        faults.note(Fault(at: place(name), code, detail))
        return .failure(Noted())
    }

    private func place(_ name: String) -> Fault.Place { .pointer(pointer(to: name)) }

    private func pointer(to name: String) -> String {
        pointer + "/" + name.replacing("~", with: "~0").replacing("/", with: "~1")
    }
}

extension JSON {
    /// Whether a value that was read and written again by some program is the same: an instant may have another form.
    fileprivate func saysTheSame(as other: JSON) -> Bool {
        if self == other || wholeNumber.map(JSON.integer) == other { return true }
        guard let instant = string.flatMap(Timestamp.init(rfc3339:)) else { return false }
        return instant == other.string.flatMap(Timestamp.init(rfc3339:))
    }
}
