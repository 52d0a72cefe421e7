import EventSourcing
import HTTPTypes
import Hummingbird

/// What a request's `Accept` headers name (RFC 9110, section 12.5.1), as far as Footfall offers a choice: media types with
/// the weights that they are given. Ranges such as `*/*` prefer nothing.
struct AcceptedTypes {
    private var weights: [(type: String, weight: Double)] = []

    init(_ request: Request) {
        for range in request.headers[values: .accept].flatMap({ $0.parts(between: ",") }) {
            // What names a type or a weight is ASCII.
            let parts = range.utf8.split(separator: UInt8(ascii: ";")).map { part in
                String(decoding: part.filter { $0 > 0x20 && $0 < 0x7F }, as: UTF8.self).lowercased()
            }
            guard let type = parts.first else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            weights.append((type, weight))
        }
    }

    /// The greatest of those of the types; 0 where none is named.
    func weight(of types: String...) -> Double {
        weights.lazy.filter { types.contains($0.type) }.map(\.weight).max() ?? 0
    }
}
