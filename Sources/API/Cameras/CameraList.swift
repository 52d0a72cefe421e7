import Access
import Counting
import EventSourcing
import Hummingbird
import Postgres

/// What a list of cameras is asked for: filters, order, page, and what comes with each.
struct CameraList {
    enum Order: String, CaseIterable {
        case id, name, createdAt = "created_at", updatedAt = "updated_at", status
        case idDown = "-id", nameDown = "-name", createdAtDown = "-created_at", updatedAtDown = "-updated_at"
        case statusDown = "-status"

        private var isDown: Bool { rawValue.hasPrefix("-") }

        /// The column to order by.
        var column: String {
            let name = String(rawValue.drop { $0 == "-" })
            return name == "id" ? "camera_id" : name
        }

        /// SQL to order by; ties are broken by id, in the same direction, so that pages do not overlap and an index can
        /// be read either way.
        var sql: String {
            let direction = isDown ? " desc" : ""
            return column == "camera_id" ? "camera_id\(direction)" : "\(column)\(direction), camera_id\(direction)"
        }

        /// SQL to order rows of `CameraStanding.cameras` by.
        var shownSQL: String {
            column == "status" ? sql.replacing("status", with: CameraStanding.status, maxReplacements: 1) : sql
        }
    }

    let page: ListPage
    private let order: Order
    private let filters: CameraFilters
    private let embeds: Set<CameraEmbed>
    private let now: Timestamp

    init(_ request: Request, scope: Scope, now: Timestamp) throws(Problem) {
        self = try Query.read(request) { query in
            let page = ListPage.read(query)
            let order = query.value("sort", default: Order.id, Order.init(choosing:))
            let filters = CameraFilters.read(query, scope: scope)
            let embeds = query.value("include", default: [], CameraEmbed.set(choosing:))
            return query.make(at: "skip") {
                CameraList(
                    page: try page.get(), order: try order.get(), filters: try filters.get(), embeds: try embeds.get(),
                    now: now)
            }
        }
    }

    private init(page: ListPage, order: Order, filters: CameraFilters, embeds: Set<CameraEmbed>, now: Timestamp) {
        self.page = page
        self.order = order
        self.filters = filters
        self.embeds = embeds
        self.now = now
    }

    /// Selects position, total and the page's items as one JSON array.
    ///
    /// The statement holds only the filters that are given, for a plan that served all of them could use no index. The
    /// page's ids are looked for first, in an index alone where the order has one, so that what is skipped is not read.
    var statement: Statement {
        var parameters: [Parameter] = [.integer(page.limit)]
        let conditions = filters.conditions { parameter in
            parameters.append(parameter)
            return "$\(parameters.count)"
        }
        var offset = ""
        if page.skip > 0 {
            parameters.append(.integer(page.skip))
            offset = "offset $\(parameters.count)"
        }
        // What is searched for is looked at once, for page and total.
        let hits = filters.isSearch ? "materialized" : "not materialized"
        let total = filters.totals ?? "(select count(*) from hits)"
        let legs = legs(conditions)
        let first = "\(ListPage.maximumLimit)" + (page.skip > 0 ? " + $\(parameters.count)::bigint" : "")
        // Of several legs each gives its first, in order.
        let ordered =
            legs.count == 1 || filters.isSearch
            ? "hits"
            : "(\(legs.map { "(\($0) order by \(order.sql) limit \(first))" }.joined(separator: " union all "))) as hits"
        let (tables, joins) = embedding { parameter in
            parameters.append(parameter)
            return "$\(parameters.count)"
        }
        let members = CameraEmbed.allCases.filter(embeds.contains).map { embed in
            ", \(embed.document(of: "page.camera_id", status: "page.standing")) as \(embed.member)"
        }
        let sql = """
            with hits as \(hits) (
              \(legs.joined(separator: "\nunion all\n"))
            ),
            -- A limit that the planner knows: it reads the first of an index rather than sort what it takes for many.
            candidates as (
              select camera_id from \(ordered) order by \(order.sql) \(offset) limit \(ListPage.maximumLimit)
            ),
            page as (
              select cameras.*, \(CameraStanding.status) as standing
              from \(CameraStanding.cameras) as cameras
              where camera_id in (select camera_id from candidates limit $1)
            )\(tables.map { ",\n\($0)" }.joined())
            select
              \(ReadModels.position(of: .cameraState)),
              \(total),
              \(ReadModels.array(
                "select \(CameraReads.columns)\(members.joined())", from: (["page"] + joins).joined(separator: " "),
                orderedBy: order.shownSQL))
            """
        // A session keeps a bounded number of statements prepared: those that are asked for all day.
        return Statement(sql, parameters, prepared: conditions.isEmpty && filters.status == nil && page.skip == 0)
    }

    /// Selects that together give the id of each camera to be listed and the column to order by, each of them fed by an
    /// index: where the status matters, those that have gone silent by themselves.
    private func legs(_ conditions: [String]) -> [String] {
        func leg(_ more: [String], status: String = "status") -> String {
            let column = order.column == "camera_id" ? "" : ", \(order.column == "status" ? status : order.column)"
            return """
                select camera_id\(column)
                from read.camera_state as camera
                where \((["not removed"] + more + conditions).joined(separator: " and "))
                """
        }
        if let status = filters.status {
            return CameraStanding.conditions(status).map { leg([$0], status: "'\(status.rawValue)' as status") }
        }
        guard order.column == "status" else { return [leg([])] }
        return [
            leg(["camera_id not in (\(CameraStanding.silent))"]),
            leg(["camera_id in (\(CameraStanding.silent))"], status: "'offline' as status"),
        ]
    }

    /// CTEs behind the page, and joins with it, that what comes with each camera is made of.
    private func embedding(_ bind: (Parameter) -> String) -> (tables: [String], joins: [String]) {
        if embeds.isEmpty { return ([], []) }
        var tables = [CameraEmbed.checkpoint]
        var joins = ["cross join checkpoint"]
        if embeds.contains(.counts) {
            let quarter = bind(.timestamp(CameraEmbed.quarter(now)))
            tables.append("cameras as (select camera_id, time_zone from page)")
            tables.append(CameraEmbed.today("\(quarter)::timestamptz"))
            joins += ["left join days using (time_zone)", "left join counted on counted_id = page.camera_id"]
        }
        return (tables, joins)
    }

    /// The `Link` header, with what was asked for in each address.
    func links(total: Int64) -> String {
        let included = CameraEmbed.allCases.filter(embeds.contains).map(\.rawValue).joined(separator: ",")
        return page.links(
            "/cameras", total: total,
            [("sort", order.rawValue)] + filters.given + (included.isEmpty ? [] : [("include", included)]))
    }
}
