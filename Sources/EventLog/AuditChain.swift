import EventSourcing
import Postgres

/// An event among those that it follows from, that were made with it, and that follow from it.
package struct AuditChain: Sendable {
    package enum Relation: String, CaseIterable, Sendable {
        /// What it follows from, directly or not, as `causation_id` says.
        case cause
        case event = "self"
        /// Made by the same request: it has the same `correlation_id`.
        case sameRequest = "same_request"
        /// What follows from it or from what was made with it, directly or not: sent by the same actor as its cause, or
        /// appended by Footfall itself.
        case effect
        /// Says of itself that it follows from one of these, and was sent by another actor. What follows from it is in its
        /// own chain.
        case claimedEffect = "claimed_effect"
    }

    package struct Link: Sendable {
        package let relation: Relation
        package let entry: AuditTrail.Entry
    }

    /// In order of their positions.
    package let links: [Link]
    /// Whether these are all: a chain shows 1000 events at most, and none that is archived.
    package let isComplete: Bool
}

extension AuditTrail {
    private static let maximumLinks = 1000

    /// Every step is found by an index. Readings and heartbeats are in none: those of a request stand beside its other
    /// events, or beside the one that is asked for, since they were appended together; so $2 positions around are
    /// looked at. Nothing leads to more than $3 events, and no chain of causes is followed further than a hundred steps.
    private static let chainSQL = """
        with recursive origin as (
          select position, correlation_id, causation_id
          from events
          where position = $1
        ),
        causes as (
          select position, causation_id, 0 as depth from origin
          union all
          select events.position, events.causation_id, causes.depth + 1
          from causes
          join events on events.position = case
              when causes.causation_id ~ '^[1-9][0-9]{0,17}$' then causes.causation_id::bigint
            end
          where causes.depth < 100 and events.position < causes.position
        ),
        correlated as (
          select events.position
          from origin
          join events on events.correlation_id = origin.correlation_id
          where events.type <> 'CountReadingRecorded' and events.type <> 'HeartbeatRecorded'
          limit $3
        ),
        made as (
          select position from correlated
          union
          select events.position
          from origin
          join events
            on events.position between origin.position - $2 and origin.position + $2
            and events.correlation_id = origin.correlation_id
          union
          select position from origin
        ),
        effects as (
          select made.position, events.actor, true as is_own, 0 as depth
          from made
          join events using (position)
          union
          select events.position, events.actor,
            coalesce(events.actor in (effects.actor, '\(EventMetadata.ownActor)'), false),
            effects.depth + 1
          from effects
          join events on events.causation_id = effects.position::text
          where events.type <> 'CountReadingRecorded' and events.type <> 'HeartbeatRecorded'
            and effects.is_own and effects.depth < 100 and events.position > effects.position
        ),
        related as (
          select position, min(rank) as rank
          from (
            select $1::bigint as position, 0 as rank
            union all select position, 1 from causes
            union all select position, 2 from made
            union all select position, case when is_own then 3 else 4 end from effects
          ) as related
          group by position
          order by position
          limit $3 + 1
        )
        select related.position, \(object), related.rank::bigint
        from related
        join read.audit using (position)
        order by position
        """

    /// nil where there is no event at this position, or it is archived.
    package func chain(around position: Int64) async throws -> AuditChain? {
        let rows = try await pool.query(
            Self.chainSQL, [.integer(position), .integer(2000), .integer(Self.maximumLinks)])
        let links = try rows.prefix(Self.maximumLinks).map { row in
            let relations: [AuditChain.Relation] = [.event, .cause, .sameRequest, .effect, .claimedEffect]
            return AuditChain.Link(
                relation: relations[Int(try row.integer(2))],
                entry: Entry(position: try row.integer(0), json: try row.bytes(1)))
        }
        if links.isEmpty { return nil }
        return AuditChain(links: links, isComplete: rows.count <= Self.maximumLinks)
    }
}
