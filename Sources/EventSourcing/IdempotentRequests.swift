/// Requests that are made under a key, so that anyone who repeats one gets the answer of the first and causes nothing
/// more.
///
/// A request is claimed before it is decided. The events that it appends go with `EventMetadata.request`, by which the
/// log notes, in their own transaction, what the append came to: from then on the request is done, whatever crashes.
/// Its answer is kept once it is known; where the process ended before that, the next claim is told what was appended
/// and makes the answer from it. A claim is a lease: one that has run out may be taken over, and what the former holder
/// then still appends is refused.
package protocol IdempotentRequests: Sendable {
    /// - Parameters:
    ///   - id: stands for the key and anyone who may use it; at most 255 bytes.
    ///   - fingerprint: tells apart what is asked for under one key.
    ///   - lease: how long the claim holds, unless it is ended before.
    ///   - keeping: from how old on a request is forgotten.
    func claim(
        _ id: String, fingerprint: String, lease: Duration, keeping: Duration
    ) async throws(EventLogError) -> RequestState

    /// Keeps the answer of a request that is claimed. Does nothing where another has taken over.
    func finish(_ claim: RequestClaim, answer: [UInt8]) async throws(EventLogError)

    /// Gives up a claim under which nothing was appended: the request may be made again.
    func release(_ claim: RequestClaim) async throws(EventLogError)

    /// Removes requests of this age and older, at most `limit` of them.
    /// - Returns: how many were removed.
    func clear(olderThan age: Duration, limit: Int) async throws(EventLogError) -> Int
}

/// What there is of a request when it is claimed.
package enum RequestState: Hashable, Sendable {
    /// It is the caller's to make. With `done`, its events are appended and only its answer is to be made.
    case claimed(RequestClaim)
    /// Somebody else is making it.
    case running
    /// Something else was asked for under this key.
    case mismatched
    case answered([UInt8])
}

package struct RequestClaim: Hashable, Sendable {
    /// What an append came to before the answer was lost.
    package struct Done: Hashable, Sendable {
        /// That of the first append.
        package let stream: StreamName
        package let outcomes: [AppendOutcome]

        package init(stream: StreamName, outcomes: [AppendOutcome]) {
            self.stream = stream
            self.outcomes = outcomes
        }
    }

    package let id: String
    /// Another for each claim.
    package let number: Int64
    package let done: Done?

    package init(id: String, number: Int64, done: Done? = nil) {
        self.id = id
        self.number = number
        self.done = done
    }
}

extension [Append] {
    /// What these appends have come to already, under the claim of their request.
    package var done: [AppendOutcome]? {
        guard let done = first?.metadata.request?.done, done.outcomes.count == count else { return nil }
        return done.outcomes
    }
}
