import Hummingbird

/// One step of what guards a route. What it refuses goes no further.
typealias SecurityStep = MiddlewareProtocol<Request, Response, APIContext>

extension Backend {
    /// What stands before a route's handler, in the order in which it runs.
    func securitySteps(
        of route: Route, _ connections: ConnectionBook, _ reporters: RecentReporters
    ) -> [any SecurityStep] {
        var steps: [any SecurityStep] = [SecurityLog(route: route, floods: floods)]
        if route.access != .open {
            steps.append(
                AuthenticationCheck(authentication: authentication, limiter: rateLimiter, connections: connections))
            steps.append(UserShare())
            if let rateLimiter { steps.append(RateLimits(limiter: rateLimiter)) }
            steps.append(AccessCheck(access: route.access, readModels: readModels, reporters: reporters))
        }
        steps.append(PositionCheck(readModels: readModels))
        if route.method == .post {
            steps.append(IdempotentPosts(requests: requests, readModels: readModels, vault: vault))
        }
        return steps
    }
}
