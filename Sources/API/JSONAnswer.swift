import EventSourcing
import HTTPTypes
import Hummingbird

extension Response {
    /// - Parameters:
    ///   - json: a JSON text in UTF-8, passed through as it is.
    ///   - position: up to which event the answer reflects the log, where that is known.
    ///   - version: of the camera that the answer shows.
    static func json(
        _ json: some Collection<UInt8>, status: HTTPResponse.Status = .ok, position: Int64?, version: Int64? = nil
    ) -> Response {
        var headers = HTTPFields()
        headers.reserveCapacity(12)  // with what is added on the way out
        headers.append(HTTPField(name: .contentType, value: "application/json"))
        if let position { headers.append(HTTPField(name: .position, value: String(position))) }
        if let version { headers.append(HTTPField(name: .eTag, value: EntityTags.tag(version))) }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
    }

    /// For a reader that has this version already.
    static func notModified(position: Int64, version: Int64) -> Response {
        Response(status: .notModified, headers: [.eTag: EntityTags.tag(version), .position: String(position)])
    }
}
