import Access
import Counting
import EventLog
import EventSourcing
import HTTPTypes
import Hummingbird
import UseCases

/// One line of the API's index.
struct Route: Sendable {
    typealias Handler = @Sendable (Request, APIContext) async throws -> Response

    static let base = "/api/v1"

    let method: HTTPRequest.Method
    let path: String
    let access: RouteAccess
    /// Whether a request may take long: then its user has few of them worked on at a time, and it ends when its client has
    /// gone.
    let mayTakeLong: @Sendable (Request) -> Bool
    let handler: Handler

    init(
        _ method: HTTPRequest.Method, _ path: String, _ access: RouteAccess,
        mayTakeLong: @escaping @Sendable (Request) -> Bool = { _ in false }, _ handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.mayTakeLong = mayTakeLong
        self.handler = handler
    }

    static let always: @Sendable (Request) -> Bool = { _ in true }

    /// The same, further down.
    func below(_ base: String) -> Route {
        Route(method, base + path, access, mayTakeLong: mayTakeLong, handler)
    }
}

extension Backend {
    /// Every route, below `Route.base`.
    var routes: [Route] {
        let handler = readModels.cameras
        let commands = CameraCommands(
            log: log, handler: handler, pool: readModels.pool, vault: vault, streams: streams, newCameraID: newCameraID,
            now: now)
        let camera = CameraResource(
            commands: commands, standing: StandingAfterCommand(readModels: readModels), now: now)
        let cameras = CameraReads(readModels: readModels, now: now)
        let status = CameraStatusReads(readModels: readModels)
        let config = CameraConfigResource(readModels: readModels, commands: commands, now: now)
        let past = CameraPastReads(log: log, now: now, present: cameras.show)
        let telemetry = TelemetryCommands(
            log: log, frames: FramePolicy(handler: handler, vault: vault),
            lines: ReportedLines(handler: handler), repetitions: Repetitions(log: log, vault: vault), intake: intake,
            now: now, tolerance: clockTolerance, losses: LossMetrics(metrics))
        let frames = FrameReads(log: log, vault: vault)
        let counts = CountReads(readModels: readModels, slowReads: slowReads, now: now)
        let explanations = CountExplanationReads(readModels: slowReads, now: now)
        let corrections = CountCorrectionResource(
            corrections: CountCorrections(log: log, cameras: handler, pool: readModels.pool), now: now)
        let analytics = AnalyticsReads(readModels: slowReads, now: now)
        let resets = OccupancyResetResource(resets: OccupancyResets(log: log), now: now)
        let exports = Exports(readModels: slowReads, permits: exportPermits, timeout: exportTimeout)
        let reports = Reports(readModels: slowReads, now: now)
        let health = HealthReads(readModels: readModels)
        let looks = StreamProbeResource(probes: probes, readModels: readModels)
        let workers = WorkerReads(readModels: readModels, vault: vault)
        let cameraMetrics = CameraMetricsReads(readModels: readModels, now: now)
        let pool = WorkerPool(readModels: readModels)
        let assignments = AssignmentResource(
            readModels: readModels, assignments: Assignments(commands: commands))
        let audit = AuditReads(trail: AuditTrail(pool: slowReads.pool))
        let proofs = TreeReads(tree: LogTree(in: readModels.pool))
        let projections = ProjectionReads(readModels: readModels)
        let tokens = TokenResource(
            revocation: TokenRevocation(log: log, pool: readModels.pool), revocations: authentication.revocations,
            now: now)
        return [
            Route(.get, "/cameras", .fleet(.read), cameras.list),
            Route(.post, "/cameras", .fleet(.write), camera.register),
            Route(.get, "/cameras/health/summary", .fleet(.read), health.summary),
            Route(.get, "/cameras/:id", .camera(.read), past.show),
            Route(.get, "/cameras/:id/history", .camera(.read), past.history),
            Route(.put, "/cameras/:id", .camera(.write), camera.replace),
            Route(.patch, "/cameras/:id", .camera(.write), camera.patch),
            Route(.delete, "/cameras/:id", .camera(.delete), camera.remove),
            Route(.get, "/cameras/:id/config", .camera(.read), config.show),
            Route(.put, "/cameras/:id/config", .camera(.write), config.replace),
            Route(.get, "/cameras/:id/status", .camera(.read), status.show),
            Route(.patch, "/cameras/:id/status", .cameraOrItsWorker(.control), camera.setStatus),
            Route(.post, "/cameras/:id/start", .camera(.control), camera.start),
            Route(.post, "/cameras/:id/stop", .cameraOrItsWorker(.control), camera.stop),
            Route(.post, "/cameras/:id/restart", .camera(.control), camera.restart),
            Route(.post, "/cameras/:id/start-monitoring", .camera(.control), camera.startMonitoring),
            Route(.post, "/cameras/:id/stop-monitoring", .camera(.control), camera.stopMonitoring),
            Route(.get, "/cameras/:id/health", .camera(.read), health.show),
            Route(.post, "/cameras/:id/health-check", .camera(.control), looks.check),
            Route(.post, "/cameras/:id/test-connection", .camera(.control), looks.test),
            Route(
                .get, "/cameras/:id/stream-info", .camera(.read),
                StreamInfoReads(readModels: readModels, now: now).show),
            Route(.post, "/cameras/:id/heartbeats", .camera(.report), telemetry.recordHeartbeats),
            Route(.get, "/cameras/:id/counts", .camera(.read), mayTakeLong: CountReads.mayTakeLong, counts.history),
            Route(.post, "/cameras/:id/counts", .camera(.report), telemetry.recordReadings),
            Route(.get, "/cameras/:id/frames/:position", .camera(.admin), frames.show),
            Route(.get, "/cameras/:id/counts/explain", .camera(.read), mayTakeLong: Route.always, explanations.explain),
            Route(.post, "/cameras/:id/counts/corrections", .camera(.write), corrections.correct),
            Route(.post, "/cameras/:id/occupancy/reset", .camera(.control), resets.reset),
            Route(.get, "/cameras/:id/analytics", .camera(.read), mayTakeLong: Route.always, analytics.show),
            Route(.post, "/cameras/:id/export", .camera(.read), mayTakeLong: Route.always, exports.ofCamera),
            Route(.post, "/export", .fleet(.read), mayTakeLong: Route.always, exports.ofFleet),
            Route(.get, "/cameras/:id/reports", .camera(.read), mayTakeLong: Route.always, reports.show),
            Route(.get, "/counts", .fleet(.read), mayTakeLong: CountReads.mayTakeLong, counts.fleet),
            Route(.get, "/analytics/summary", .fleet(.read), mayTakeLong: Route.always, analytics.summary),
            Route(.get, "/cameras/:id/metrics", .camera(.read), cameraMetrics.show),
            Route(.get, "/workers", .fleet(.read), pool.list),
            Route(.get, "/workers/:id", .fleet(.read), pool.show),
            Route(.post, "/workers/:id/assign", .fleet(.control), assignments.assign),
            Route(.post, "/workers/:id/release", .fleet(.control), assignments.release),
            Route(.get, "/workers/:id/assignments", .worker, workers.assignments),
            Route(.get, "/audit", .unlimited(.admin), mayTakeLong: Route.always, audit.show),
            Route(.get, "/audit/:position/chain", .unlimited(.admin), mayTakeLong: Route.always, audit.chain),
            Route(.get, "/audit/checkpoint", .unlimited(.admin), proofs.checkpoint),
            Route(.get, "/audit/consistency", .unlimited(.admin), proofs.consistency),
            Route(.get, "/audit/:position/proof", .unlimited(.admin), proofs.inclusion),
            Route(.get, "/projections", .unlimited(.admin), projections.list),
            Route(
                .post, "/projections/:name/rebuild", .unlimited(.admin),
                ProjectionCommands(pool: readModels.pool).rebuild),
            Route(.get, "/reactions", .unlimited(.admin), ReactionReads(readModels: readModels).list),
            Route(.post, "/tokens/revoke", .unlimited(.admin), tokens.revoke),
            Route(.get, "/metrics", .unlimited(.read), MetricsReads(metrics: metrics).show),
        ] + proofs.tileRoutes + serverRoutes
    }

    /// Routes that stand at the root too, where probes look for them.
    private var serverRoutes: [Route] {
        let server = ServerHealth(log: log, readModels: readModels, circuits: circuits, liveness: liveness)
        return [
            Route(.get, "/health/live", .open, server.live),
            Route(.get, "/health/ready", .open, server.ready),
        ]
    }

    /// The API, ready for an `Application`. Whatever goes wrong is answered with a problem.
    package func makeRouter(_ policy: NetworkPolicy = NetworkPolicy()) -> Router<APIContext> {
        let based =
            routes.map { $0.below(Route.base) } + serverRoutes
            + (documentation?.routes ?? [])
        let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: TracingMiddleware())
        router.add(middleware: SecurityHeaders(isSecure: policy.isSecure))
        router.add(
            middleware: RequestIdentity(
                addresses: ClientAddress(trusted: policy.trustedProxies), metrics: RequestMetrics(metrics),
                floods: floods))
        if let crossOrigin = CrossOrigin(policy.corsOrigins) { router.add(middleware: crossOrigin) }
        router.add(middleware: ProblemMiddleware())
        router.add(middleware: PathEscapeCheck())
        router.add(middleware: RequestLimits(policy))
        router.add(middleware: KnownPaths(based))
        let reporters = RecentReporters()
        for route in based {
            let guarded = router.group()
            for step in securitySteps(of: route, policy.connections, reporters) { guarded.add(middleware: step) }
            guarded.on(RouterPath(route.path), method: route.method, use: inTurn(route))
        }
        return router
    }

    /// The route's handler; what may take long is done when it is its user's turn, and while its client is there.
    private func inTurn(_ route: Route) -> Route.Handler {
        { request, context in
            guard route.mayTakeLong(request) else { return try await route.handler(request, context) }
            return try await AwaitedAnswer.on(context.channel) {
                try await turns.withTurn(of: context.principal.user) { try await route.handler(request, context) }
            }
        }
    }
}
