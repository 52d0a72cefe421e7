import Foundation

/// A time zone of the IANA database, such as `Europe/Berlin`, in which a camera's hours and days are counted.
package struct TimeZoneName: Hashable, Sendable, CustomStringConvertible {
    package static let utc = TimeZoneName(stored: "UTC")

    package let text: String

    /// Takes `UTC` and names of the form `Area/Place`, exactly as the database spells them.
    ///
    /// Abbreviations (`EST`) and offsets (`GMT+2`) are refused: they know no summer time, and PostgreSQL reads the sign
    /// of an offset the other way round.
    package init(_ text: String) throws(InvalidValue) {
        // No name has more bytes, nor others.
        guard text.utf8.count <= 64, text.utf8.allSatisfy({ $0 < 0x80 }),
            text == "UTC" || text.contains("/") && !Self.isUnknownToIANA(text) && TimeZone(identifier: text) != nil
        else {
            throw InvalidValue(
                .unknownValue, "A time zone is a name of the IANA database, such as Europe/Berlin or UTC.")
        }
        self.text = text
    }

    /// Names that only ICU's database has, which Foundation goes by.
    private static func isUnknownToIANA(_ name: String) -> Bool {
        name.hasPrefix("SystemV/") || name == "US/Pacific-New"
    }

    /// Takes a name out of the log as it is: the database of names changes.
    init(stored text: String) { self.text = text }

    package var description: String { text }
}
