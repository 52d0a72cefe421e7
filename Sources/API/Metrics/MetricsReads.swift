import HTTPTypes
import Hummingbird

/// Shows what the process measures.
struct MetricsReads: Sendable {
    let metrics: PrometheusMetrics

    @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
        try Query.none(request)
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.text)))
    }
}
