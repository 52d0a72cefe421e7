import Crypto
import HTTPTypes
import Hummingbird

/// Bytes that are the same for everyone, served from memory with an entity tag made of their content.
struct ServedFile: Sendable {
    enum Caching: String {
        /// A cached copy is used only once the server has said that it still holds.
        case revalidated = "no-cache"
        /// A cached copy is used for a day.
        case day = "public, max-age=86400"
    }

    private let bytes: ByteBuffer
    private let headers: HTTPFields
    private let tag: String

    init(_ bytes: [UInt8], type: String, caching: Caching, headers: HTTPFields = [:]) {
        self.bytes = ByteBuffer(bytes: bytes)
        tag = SHA256.hash(data: bytes).prefix(16).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        var headers = headers
        headers[.contentType] = type
        headers[.cacheControl] = caching.rawValue
        headers[.eTag] = "\"\(tag)\""
        headers[.xContentTypeOptions] = "nosniff"
        self.headers = headers
    }

    /// A page in HTML, which loads only what this server serves, and runs no script that stands in the page.
    static func page(_ html: String) -> ServedFile {
        let policy = """
            default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
            base-uri 'none'; form-action 'none'; frame-ancestors 'none'
            """
        return ServedFile(
            Array(html.utf8), type: "text/html; charset=utf-8", caching: .revalidated,
            headers: [.contentSecurityPolicy: policy])
    }

    /// The file, or that the reader's copy of it still holds.
    func answer(_ request: Request) throws(Problem) -> Response {
        if let known = try EntityTags(.ifNoneMatch, of: request), known.matchesWeakly(tag) {
            var headers = headers
            headers[.contentType] = nil
            return Response(status: .notModified, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: bytes))
    }
}
