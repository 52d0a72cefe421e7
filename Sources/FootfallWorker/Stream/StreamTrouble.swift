import StreamPolicy

/// Why a stream gives no pictures, as far as it can be told apart. No text carries credentials.
enum StreamTrouble: Error, Hashable, Sendable {
    /// The address, one that it redirects to, or one that a play list names, is not to be connected to.
    case refused(StreamRefusal)
    /// The file is not there, or not below the folder of file streams.
    case fileRefused(String)
    /// A redirect that is not followed.
    case redirected(to: String)
    case nameNotFound(StreamRefusal)
    /// Nothing took the connection.
    case noAnswer
    /// What answered speaks no TLS, though the stream's URL says so, or none that can be agreed on.
    case noTLS
    /// The camera's certificate is neither vouched for nor known, or is for another host.
    case notTrusted
    case notAuthorized
    /// The camera answered with a status that says no: 404, 500.
    case status(Int)
    /// Something answered, but not in time, or no picture came in time.
    case timedOut
    case noVideo

    init(_ refusal: StreamRefusal) {
        switch refusal {
        case .malformed, .notAllowed: self = .refused(refusal)
        case .nameNotFound, .resolverTimedOut: self = .nameNotFound(refusal)
        }
    }

    /// A stable name, for programs.
    var reason: String {
        switch self {
        case .refused: "address_not_allowed"
        case .fileRefused: "file_not_allowed"
        case .redirected: "redirected"
        case .nameNotFound: "name_not_found"
        case .noAnswer: "no_answer"
        case .noTLS: "no_tls"
        case .notTrusted: "certificate_not_trusted"
        case .notAuthorized: "not_authorized"
        case .status: "refused_by_camera"
        case .timedOut: "timed_out"
        case .noVideo: "no_video"
        }
    }
}

extension StreamTrouble: CustomStringConvertible {
    var description: String {
        switch self {
        case .refused(let refusal), .nameNotFound(let refusal): "\(refusal)"
        case .fileRefused(let text): text
        case .redirected(let target): "The camera redirects to \(target), which is not followed."
        case .noAnswer: "Nothing takes connections at this address."
        case .noTLS: "What answers at this address speaks no TLS, or none that can be agreed on."
        case .notTrusted:
            "The camera's certificate is not trusted, or is for another host; FOOTFALL_STREAM_CA_FILE says whose are."
        case .notAuthorized: "The camera does not accept these credentials."
        case .status(let status): "The camera answers with status \(status)."
        case .timedOut: "No picture came in time."
        case .noVideo: "What is there cannot be read as video."
        }
    }
}
