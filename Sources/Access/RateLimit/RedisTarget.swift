import Foundation

/// Where a Redis server is: `redis://[user:password@]host[:port][/database]`, or `unix:///path[?db=n]` for its socket.
package struct RedisTarget: Hashable, Sendable, CustomStringConvertible {
    package enum Place: Hashable, Sendable {
        case host(String, port: Int32)
        case socket(path: String)
    }

    package struct Invalid: Error, CustomStringConvertible {
        package let description =
            "FOOTFALL_REDIS_URL is not of the form redis://[user:password@]host[:port][/database] or unix:///path[?db=n]"
    }

    package let place: Place
    let user: String?
    let password: String?
    let database: Int
    /// How long the server may take to answer, also to a connection.
    package var timeout = Duration.milliseconds(250)

    package init(_ text: String) throws(Invalid) {
        guard let url = URLComponents(string: text), url.fragment == nil else { throw Invalid() }
        var database: String?
        switch url.scheme {
        case "redis":
            guard let host = url.host, !host.isEmpty, (url.queryItems ?? []).isEmpty,
                let port = Int32(exactly: url.port ?? 6379), (1...65_535).contains(port)
            else { throw Invalid() }
            let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
            place = .host(bare, port: port)
            if !["", "/"].contains(url.path) { database = String(url.path.dropFirst()) }
        case "unix", "redis+unix":
            guard (url.host ?? "").isEmpty, url.path.hasPrefix("/") else { throw Invalid() }
            place = .socket(path: url.path)
            for item in url.queryItems ?? [] {
                guard item.name == "db" else { throw Invalid() }
                database = item.value
            }
        default: throw Invalid()
        }
        guard let number = Int(database ?? "0"), (0...10_000).contains(number) else { throw Invalid() }
        self.database = number
        user = url.user.flatMap { $0.isEmpty ? nil : $0 }
        password = url.password
    }

    /// Never with the password.
    package var description: String {
        switch place {
        case .host(let host, let port): "redis://\(host):\(port)/\(database)"
        case .socket(let path): "unix://\(path)?db=\(database)"
        }
    }
}
