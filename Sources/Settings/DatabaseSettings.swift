/// Where the database is, and how much of it a process uses.
package struct DatabaseSettings: SettingGroup {
    var title: String { "Database" }

    package let dataDirectory = Setting(
        "data.dir", .text("a folder"), otherwise: "`/var/lib/footfall` for root, else `~/.local/share/footfall`",
        flag: .standard, "The folder of the embedded database, and of the installation's keys")
    package let url = Setting(
        "database.url", .text("a connection string of libpq"), flag: .standard, confidential: true,
        "A PostgreSQL elsewhere, in place of the embedded one")
    package let readers = Setting(
        "database.readers", .integer(1...1000), default: 8,
        "How many sessions with the database requests read with at most")
    package let slowReaders = Setting(
        "database.slow.readers", .integer(1...1000), default: 6,
        "How many more there are at most for requests that may take long")
    package let writers = Setting(
        "database.writers", .integer(1...16), default: 2,
        "How many sessions the log is appended with at most; more than two gain nothing")
    package let slowQuery = Setting(
        "slow.query", .seconds, default: .milliseconds(50),
        "From which time on a statement of the API is logged as slow")
}
