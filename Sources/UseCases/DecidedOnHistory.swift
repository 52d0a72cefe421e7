import EventSourcing

extension EventLog {
    /// Does what rests on what this process remembers, such as cameras' keys, and does it once more where the log turns
    /// out to be on another history than that. What `body` appends is to be bound to the history that it is given.
    package func decided<Value>(_ body: (HistoryToken) async throws -> Value) async throws -> Value {
        do { return try await body(history) } catch let error as any LogFailure where error.logError == .historyChanged
        {
            return try await body(history)
        }
    }
}

/// Errors that may be the log's.
private protocol LogFailure: Error {
    var logError: EventLogError? { get }
}

extension EventLogError: LogFailure {
    fileprivate var logError: EventLogError? { self }
}

extension CommandError: LogFailure {
    fileprivate var logError: EventLogError? {
        guard case .log(let error) = self else { return nil }
        return error
    }
}
