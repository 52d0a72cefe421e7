import EventSourcing
import HTTPTypes
import Hummingbird

/// The tags of an `If-Match` or `If-None-Match` header (RFC 9110, section 13.1). Footfall's own are versions: `"7"`.
enum EntityTags: Hashable {
    /// `*`: whatever there is.
    case any
    case tags([Tag])

    struct Tag: Hashable {
        let isWeak: Bool
        let text: String

        /// The version that it stands for; nil for a tag that Footfall never gave out.
        var version: Int64? {
            guard let version = Int64(text), String(version) == text else { return nil }
            return version
        }
    }

    static func tag(_ version: Int64) -> String { "\"\(version)\"" }

    /// nil where the request has no such header.
    init?(_ name: HTTPField.Name, of request: Request) throws(Problem) {
        let lines = request.headers[values: name]
        if lines.isEmpty { return nil }
        let text = lines.joined(separator: ",")
        if text.utf8.filter({ $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) == [UInt8(ascii: "*")] {
            self = .any
            return
        }
        guard let tags = Self.parse(text) else {
            throw Problem(.malformedHeader, "\(name.rawName) is * or a list of versions in quotes, such as \"7\".")
        }
        self = .tags(tags)
    }

    /// Versions whose tags match strongly.
    var strongVersions: [Int64] {
        guard case .tags(let tags) = self else { return [] }
        return tags.compactMap { $0.isWeak ? nil : $0.version }
    }

    /// The newest version among the tags; nil where they name none.
    var newestVersion: Int64? {
        guard case .tags(let tags) = self else { return nil }
        return tags.compactMap(\.version).max()
    }

    /// Whether a tag matches the version by the weak comparison, which `If-None-Match` uses.
    func matchesWeakly(_ version: Int64) -> Bool {
        switch self {
        case .any: true
        case .tags(let tags): tags.contains { $0.version == version }
        }
    }

    /// Whether a tag with this text matches, by the weak comparison.
    func matchesWeakly(_ text: String) -> Bool {
        switch self {
        case .any: true
        case .tags(let tags): tags.contains { $0.text.isExactly(text) }
        }
    }

    private static func parse(_ text: String) -> [Tag]? {
        let (quote, comma) = (UInt8(ascii: "\""), UInt8(ascii: ","))
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var tags: [Tag] = []
        var rest = Substring(text).utf8
        while true {
            rest = rest.drop { isBlank($0) || $0 == comma }
            if rest.isEmpty { return tags.isEmpty ? nil : tags }
            let isWeak = rest.starts(with: "W/".utf8)
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == quote, let end = rest.dropFirst().firstIndex(of: quote) else { return nil }
            tags.append(Tag(isWeak: isWeak, text: String(Substring(rest[..<end].dropFirst()))))
            rest = rest[end...].dropFirst().drop(while: isBlank)
            guard rest.isEmpty || rest.first == comma else { return nil }
        }
    }
}
