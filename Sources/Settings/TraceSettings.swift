/// Where spans of requests, appends and projections are sent.
package struct TraceSettings: SettingGroup {
    var title: String { "Traces" }

    package let endpoint = Setting(
        "otlp.endpoint", .webAddress,
        """
        The base address of an OpenTelemetry collector, such as `http://127.0.0.1:4318`: spans are sent to `/v1/traces` \
        below it, by OTLP/HTTP in JSON; without it none are recorded
        """)
    package let sampling = Setting(
        "otlp.sampling", .share, default: 1,
        "How many of the traces that begin here are recorded; those that a request brings are as their caller decides")
}
