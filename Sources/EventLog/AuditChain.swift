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
    /// events, or beside the one that is asked for, since they were appended together; so `around` positions on both
    /// sides are looked at. Nothing leads to more than `limit` events, and no chain of causes is followed further than a hundred steps.
    static let chain = SQLQuery(
        "audit_chain",
        """
        with recursive origin as (
          select position, correlation_id, causation_id
          from events
          where position = :position
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
          limit :limit
        ),
        made as (
          select position from correlated
          union
          select events.position
          from origin
          join events
            on events.position between origin.position - :around and origin.position + :around
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
          select position, min(rank)::bigint as rank
          from (
            select :position::bigint as position, 0 as rank
            union all select position, 1 from causes
            union all select position, 2 from made
            union all select position, case when is_own then 3 else 4 end from effects
          ) as related
          group by position
          order by position
          limit :limit + 1
        )
        select related.position, related.rank, \(object) as entry
        from related
        join read.audit using (position)
        order by position
        """, parameters: ["position": .integer, "around": .integer, "limit": .integer],
        columns: ["position": .integer, "rank": .integer, "entry": .bytes])

    /// nil where there is no event at this position, or it is archived.
    package func chain(around position: Int64) async throws -> AuditChain? {
        let rows = try await pool.query(
            Self.chain.statement([
                "position": .integer(position), "limit": .integer(Self.maximumLinks), "around": .integer(2000),
            ]))
        let links = try rows.prefix(Self.maximumLinks).map { row in
            let relations: [AuditChain.Relation] = [.event, .cause, .sameRequest, .effect, .claimedEffect]
            return AuditChain.Link(
                relation: relations[Int(try row.integer("rank"))], entry: try Entry(row))
        }
        if links.isEmpty { return nil }
        return AuditChain(links: links, isComplete: rows.count <= Self.maximumLinks)
    }
}
