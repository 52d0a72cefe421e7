import Hummingbird
import UseCases

/// Which version of a camera a command is for: its `If-Match` header.
enum Precondition {
    /// - Throws: `Problem` where the header is malformed, or there is none.
    static func required(_ request: Request) throws(Problem) -> SeenVersion {
        guard let tags = try EntityTags(.ifMatch, of: request) else {
            throw Problem(
                .preconditionRequired,
                "Give the version that you have seen in If-Match, as the ETag showed it, or * for whichever there is.")
        }
        return expected(tags)
    }

    /// Any version where there is no header.
    static func optional(_ request: Request) throws(Problem) -> SeenVersion {
        try EntityTags(.ifMatch, of: request).map(expected) ?? .any
    }

    private static func expected(_ tags: EntityTags) -> SeenVersion {
        tags == .any ? .any : .oneOf(Set(tags.strongVersions))
    }
}
