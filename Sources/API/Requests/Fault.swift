import Counting
import EventSourcing

/// One thing that is wrong with a request, and where.
struct Fault: Hashable {
    enum Place: Hashable {
        /// A JSON pointer (RFC 6901) into the body; empty for the body as a whole.
        case pointer(String)
        /// The name of a query parameter.
        case parameter(String)
        /// The name of a header.
        case header(String)
    }

    let place: Place
    let code: String
    let detail: String

    init(at place: Place, _ code: String, _ detail: String) {
        self.place = place
        self.code = code
        self.detail = detail
    }

    init(at place: Place, _ rule: InvalidValue) {
        self.init(at: place, rule.code.rawValue, rule.sentence)
    }

    var json: JSON {
        switch place {
        case .pointer(let pointer):
            ["pointer": .string(pointer), "detail": .string(detail), "code": .string(code)]
        case .parameter(let name):
            ["parameter": .string(name), "detail": .string(detail), "code": .string(code)]
        case .header(let name):
            ["header": .string(name), "detail": .string(detail), "code": .string(code)]
        }
    }
}

/// What reading a part of a request gives: its value, or nothing because what is wrong has been noted.
typealias Field<Value> = Result<Value, Noted>

struct Noted: Error {}

/// All that is wrong with one request, in the order in which it was found; a hundred things are enough.
final class Faults {
    private(set) var all: [Fault] = []

    /// Whether no more are told.
    var areEnough: Bool { all.count >= 100 }

    func note(_ fault: @autoclosure () -> Fault) {
        if !areEnough { all.append(fault()) }
    }

    /// The value, if nothing was noted; else the problem that tells of all that was.
    func check<Value>(_ field: Field<Value>) throws(Problem) -> Value {
        guard all.isEmpty, case .success(let value) = field else { throw .validationFailed(all) }
        return value
    }
}
