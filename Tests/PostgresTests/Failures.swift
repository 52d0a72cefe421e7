import Postgres

/// The kind of PostgresError that `body` fails with; nil where it does not.
func failureKind(_ body: () async throws -> Void) async -> String? {
    do {
        try await body()
        return nil
    } catch {
        switch error as? PostgresError {
        case .unreachable: return "unreachable"
        case .full: return "full"
        case .connectionLost: return "connection lost"
        case .overloaded: return "overloaded"
        case .abandoned: return "abandoned"
        case .server(let error): return error.sqlState
        case .decoding: return "decoding"
        case nil: return "\(error)"
        }
    }
}
