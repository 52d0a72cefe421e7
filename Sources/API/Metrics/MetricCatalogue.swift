/// What the process measures, as `/metrics` and `docs/reference/metrics.md` tell it.
package struct MetricDescription: Sendable {
    package enum Kind: String, Sendable {
        case counter, gauge, summary
    }

    package let name: String
    package let kind: Kind
    package let labels: [String]
    package let meaning: String

    private init(_ name: String, _ kind: Kind, labels: [String] = [], _ meaning: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.meaning = meaning
    }

    /// All that there are. A test compares them with what the sources measure.
    package static let all = [
        MetricDescription(
            "footfall_build_info", .gauge, labels: ["version"], "1, with the version of the release that runs."),
        MetricDescription(
            "footfall_build_lag", .gauge, labels: build, "Events that a build of a read model has yet to apply."),
        MetricDescription(
            "footfall_build_position", .gauge, labels: build, "The last event that a build of a read model has applied."
        ),
        MetricDescription(
            "footfall_circuit_state", .gauge, labels: ["circuit"],
            "Whether something is taken to be down: 0 closed, 1 half open, 2 open."),
        MetricDescription(
            "footfall_clock_jumps_total", .counter,
            "How often the clock of the database's server was set by more than a second."),
        MetricDescription("footfall_connections", .gauge, "Connections that are open."),
        MetricDescription(
            "footfall_connections_closed_for_others_total", .counter,
            "Connections that were closed to make room for another one."),
        MetricDescription(
            "footfall_connections_refused_total", .counter,
            "Connections that were refused because there was no room."),
        MetricDescription(
            "footfall_event_loop_stall_seconds", .gauge, labels: ["thread"],
            "The longest time of the last minute by which the process ran later than it was due."),
        MetricDescription(
            "footfall_http_request_duration_seconds", .summary,
            "How long requests took until their answer's head was there."),
        MetricDescription(
            "footfall_http_requests_total", .counter, labels: ["status"],
            "Requests by the class of their answer's status."),
        MetricDescription(
            "footfall_log_ahead_seconds", .gauge,
            "By how much the log's last event is ahead of the clock of the database's server."),
        MetricDescription(
            "footfall_notify_queue_usage", .gauge, "How full the database server's NOTIFY queue is, from 0 to 1."),
        MetricDescription(
            "footfall_projection_checks_total", .counter, labels: ["projection", "outcome"],
            "Samples of a read model that were compared with the log."),
        MetricDescription(
            "footfall_projection_stopped", .gauge, labels: ["projection", "state"],
            "1 where a projection does not get past an event."),
        MetricDescription(
            "footfall_reaction_lag", .gauge, labels: ["reaction"], "Events that a reaction has yet to take."),
        MetricDescription(
            "footfall_reaction_position", .gauge, labels: ["reaction"], "The last event that a reaction has taken."),
        MetricDescription(
            "footfall_reaction_stopped", .gauge, labels: ["reaction"], "1 where a reaction does not get past an event."),
        MetricDescription(
            "footfall_readings_given_up_total", .counter,
            "Readings that workers could not hand over in time, by their heartbeats."),
        MetricDescription(
            "footfall_readings_refused_total", .counter,
            "Readings that were refused for good, by the heartbeats of their workers."),
        MetricDescription(
            "footfall_seal_lag_seconds", .gauge, "For how long the oldest event that is not sealed has waited."),
        MetricDescription(
            "footfall_spans_dropped_total", .counter,
            "Spans that were not sent: the queue was full, or the collector did not take them."),
        MetricDescription("footfall_spans_exported_total", .counter, "Spans that the collector has taken."),
    ]

    private static let build = ["projection", "build", "state"]

    static let meanings = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.meaning) })
}
