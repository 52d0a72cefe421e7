import EventSourcing

extension EventLogError: ProblemConvertible {
    var problem: Problem {
        switch self {
        case .unavailable: .passing(.databaseUnavailable, "Nothing was changed; retry.")
        case .blocked(let session):
            .passing(
                .databaseUnavailable,
                "Another session of the database is in the way: \(session). Nothing was changed; retry.")
        case .overloaded: .passing(.overloaded, "Too many changes are waiting and nothing was changed; retry.")
        case .unknownOutcome:
            Problem(
                .outcomeUnknown,
                "The change was made or it was not. Look at the camera before trying again; telemetry with "
                    + "source and sequence, and what has an Idempotency-Key, may simply be sent again.")
        case .superseded: .requestUnderWay
        case .historyChanged:
            .passing(.databaseUnavailable, "The database has just been replaced and nothing was changed; retry.")
        case .invalidAppend, .storage: .internalError
        }
    }
}

/// Names the event; its data may hold what the caller is not to see.
extension EventDecodingError: ProblemConvertible {
    var problem: Problem {
        Problem(
            .unreadableHistory,
            "The event at position \(position), \(type) in schema version \(schemaVersion), is not one that this release can read.",
            members: [
                "position": .integer(position), "event_type": .string(type),
                "schema_version": .integer(Int64(schemaVersion)),
            ])
    }
}
