import Counting
import Foundation
import StreamPolicy

/// How a value is written in a flag or a variable.
package struct SettingKind<Value: Sendable>: Sendable {
    package struct Unreadable: Error {
        let reason: String?

        /// - Parameter reason: what the words about the kind do not say.
        package init(_ reason: String? = nil) { self.reason = reason }
    }

    /// What may be written: "a number from 1 to 16".
    let words: String
    let read: @Sendable (String) throws(Unreadable) -> Value
    /// The text that `read` makes the value of.
    let text: @Sendable (Value) -> String

    package init(
        _ words: String, read: @escaping @Sendable (String) throws(Unreadable) -> Value,
        text: @escaping @Sendable (Value) -> String
    ) {
        self.words = words
        self.read = read
        self.text = text
    }

    /// What is wrong with a text, to be said behind it; nil where nothing is.
    func fault(in text: String) -> String? {
        do throws(Unreadable) {
            _ = try read(text)
            return nil
        } catch { return "not \(words)" + (error.reason.map { ": \($0)" } ?? "") }
    }
}

extension SettingKind<String> {
    /// Any text.
    package static func text(_ words: String) -> Self {
        Self(words, read: { (text: String) throws(Unreadable) in text }, text: \.self)
    }
}

extension SettingKind<String> {
    /// The address of a web service that paths are added to.
    package static let webAddress = Self(
        "an address (http://… or https://…)",
        read: { (text: String) throws(Unreadable) in
            guard let url = URL(string: text), ["http", "https"].contains(url.scheme), url.host()?.isEmpty == false,
                url.query() == nil, url.fragment() == nil
            else { throw Unreadable() }
            return text
        }, text: \.self)
}

extension SettingKind<[String]> {
    /// Entries between commas, without the blanks around them.
    package static func list(of words: String) -> Self {
        Self(
            "\(words), between commas",
            read: { (text: String) throws(Unreadable) in
                text.split(separator: ",").map { entry in
                    String(entry.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
                }.filter { !$0.isEmpty }
            }, text: { $0.joined(separator: ",") })
    }
}

extension SettingKind<Int> {
    package static func integer(_ bounds: ClosedRange<Int>) -> Self {
        Self(
            "a number from \(bounds.lowerBound) to \(bounds.upperBound)",
            read: { (text: String) throws(Unreadable) in
                guard let value = Int(text), bounds.contains(value) else { throw Unreadable() }
                return value
            }, text: { String($0) })
    }
}

extension SettingKind<Double> {
    package static let share = Self(
        "a number from 0 to 1",
        read: { (text: String) throws(Unreadable) in
            guard let value = Double(text), (0...1).contains(value) else { throw Unreadable() }
            return value
        }, text: { $0 == $0.rounded() ? String(Int($0)) : String($0) })
}

extension SettingKind<Duration> {
    /// A number of seconds, which may have a fraction.
    package static let seconds = Self(
        "a number of seconds above 0, up to 86400",
        read: { (text: String) throws(Unreadable) in
            guard let value = Double(text), value > 0, value <= 86_400 else { throw Unreadable() }
            return .milliseconds(Int64((value * 1000).rounded(.up)))
        },
        text: { duration in
            let seconds = duration / .seconds(1)
            return seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds)
        })
}

extension SettingKind<Bool> {
    package static let onOrOff = Self(
        "on or off",
        read: { (text: String) throws(Unreadable) in
            switch text {
            case "on": true
            case "off": false
            default: throw Unreadable()
            }
        }, text: { $0 ? "on" : "off" })
}

extension SettingKind where Value: RawRepresentable<String> & CaseIterable {
    /// One of the names that there are.
    package static var choice: Self {
        let names = Value.allCases.map(\.rawValue)
        let words =
            names.count < 2
            ? names.joined() : names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
        return Self(
            words,
            read: { (text: String) throws(Unreadable) in
                guard let value = Value(rawValue: text) else { throw Unreadable() }
                return value
            }, text: \.rawValue)
    }
}

extension SettingKind<WorkerID> {
    package static let workerID = Self(
        "a worker's id",
        read: { (text: String) throws(Unreadable) in
            do throws(InvalidValue) { return try WorkerID(text) } catch { throw Unreadable(error.sentence) }
        }, text: \.text)
}

extension SettingKind<StreamNetworks> {
    package static let networks = Self(
        "networks, between commas, and the word default",
        read: { (text: String) throws(Unreadable) in
            do throws(StreamNetworks.Malformed) { return try StreamNetworks(text) } catch {
                throw Unreadable(error.description)
            }
        }, text: \.description)
}
