/// SQL with its bound values.
package struct Statement: Sendable {
    package let sql: String
    package let parameters: [Parameter]
    /// Whether the session keeps the statement prepared under its text; off for what runs once, such as DDL.
    package let isPrepared: Bool

    /// Values are bound by name: see `SQLQuery`.
    package init(_ sql: String, prepared: Bool = true) { self.init(sql, [], prepared: prepared) }

    init(_ sql: String, _ parameters: [Parameter], prepared: Bool = true) {
        self.sql = sql
        self.parameters = parameters
        isPrepared = prepared
    }
}

/// What a session that listens was told.
package struct Notification: Hashable, Sendable {
    package let channel: String
    package let payload: String

    package init(channel: String, payload: String = "") {
        self.channel = channel
        self.payload = payload
    }
}
