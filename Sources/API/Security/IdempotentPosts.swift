import EventLog
import EventSourcing
import Hummingbird
import Secrets

/// Serves a POST once under its `Idempotency-Key`: anyone who sends it again within a day gets the first one's answer.
///
/// The answer is given to who may see all cameras that it tells of by then: a token may be limited to other cameras
/// than the one before it, and a camera may have moved.
///
/// Kept is the answer of what was done (2xx). What was refused or failed did nothing, so the same key may be used
/// again, and the repetition is decided again. What a request appends is noted in the append's own transaction, so
/// after a crash at whatever moment a repetition appends nothing more and is answered with what the first one came to.
struct IdempotentPosts: RouterMiddleware {
    /// Longer than any request takes. A process that dies holds its keys for as long.
    private static let lease = Duration.seconds(60)

    let requests: any IdempotentRequests
    let readModels: ReadModels
    let vault: CameraVault

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        guard let key = try IdempotencyKey(request) else { return try await next(request, context) }
        var request = request
        let body = try await ExpectedBody.read { try await request.collectBody(upTo: Request.maximumBodyBytes) }
        let fingerprint = IdempotencyKey.fingerprint(of: request, body: body, by: try await vault.requestKey())
        let state = try await requests.claim(
            key.id(of: context.principal), fingerprint: fingerprint,
            lease: Self.lease, keeping: RequestSweeper.keeping)
        switch state {
        case .running: throw Problem.requestUnderWay
        case .mismatched:
            throw Problem(
                .idempotencyKeyReused, "This Idempotency-Key was used for a request with another address or body.")
        case .answered(let bytes):
            let kept = KeptAnswer(bytes: bytes)
            for camera in try kept.cameras {
                try await ScopeCondition(context.principal.scope).check(camera, in: readModels)
            }
            return try kept.response
        case .claimed(let claim): return try await make(request, context, under: claim, by: next)
        }
    }

    private func make(
        _ request: Request, _ context: APIContext, under claim: RequestClaim,
        by next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.claim = claim
        let response: Response
        do { response = try await next(request, context) } catch {
            await release(claim, context)
            throw error
        }
        guard response.status.kind == .successful, let kept = try await KeptAnswer.keep(response) else {
            await release(claim, context)
            return response
        }
        do throws(EventLogError) { try await requests.finish(claim, answer: kept.answer.bytes) } catch {
            // What was done stands; a repetition makes the same answer from it once the claim has run out.
            context.logger.warning("an answer could not be kept", metadata: ["reason": "\(error)"])
        }
        return claim.done == nil ? kept.response : kept.response.replayed
    }

    private func release(_ claim: RequestClaim, _ context: APIContext) async {
        do throws(EventLogError) { try await requests.release(claim) } catch {
            context.logger.warning("a key is held until its claim runs out", metadata: ["reason": "\(error)"])
        }
    }
}
