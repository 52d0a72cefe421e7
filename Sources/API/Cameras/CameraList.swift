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
        private var isTime: Bool { column.hasSuffix("_at") }

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

        /// SQL for a row's value in this order as a cursor has it: an instant in microseconds since 1970.
        private var key: String {
            if column == "camera_id" { return "null" }
            if column == "status" { return CameraStanding.status }
            return isTime ? "(extract(epoch from \(column)) * 1000000)::bigint::text" : column
        }

        /// SQL for the cursor of the last row of `page`: its key and its id, as an array.
        var last: String {
            let direction = isDown ? "" : " desc"
            let shown = column == "status" ? CameraStanding.status : column
            let reversed = column == "camera_id" ? "" : "\(shown)\(direction), "
            return
                "(select json_build_array(\(key), camera_id::text) from page order by \(reversed)camera_id\(direction) limit 1)"
        }

        /// SQL for what comes after a cursor of this order.
        var conditionAfterCursor: String {
            let sign = isDown ? "<" : ">"
            if column == "camera_id" { return "camera_id \(sign) :after_id" }
            return "(\(column), camera_id) \(sign) (\(isTime ? ":after_time" : ":after_text"), :after_id)"
        }

        /// The values of `conditionAfterCursor`, and of other orders'.
        func values(after cursor: ListCursor) -> [(key: String, value: Parameter)] {
            [
                ("after_id", .integer(Int64(cursor.id) ?? 0)), ("after_text", .text(cursor.value)),
                ("after_time", .timestamp(cursor.value.flatMap { Int64($0) } ?? 0)),
            ]
        }

        /// Whether a cursor is one that a page in this order was answered with, as far as that can be told.
        func takes(_ cursor: ListCursor) -> Bool {
            guard let id = Int64(cursor.id), id > 0, (cursor.value == nil) == (column == "camera_id") else {
                return false
            }
            return !isTime || cursor.value.flatMap { Int64($0) }.map { Self.times.contains($0) } == true
        }

        /// The years that PostgreSQL and JSON both have, in microseconds since 1970.
        private static let times = Int64(-62_135_596_800_000_000)...253_402_300_799_999_999
    }

    let page: ListPage
    private let order: Order
    private let cursor: ListCursor?
    private let filters: CameraFilters
    private let embeds: Set<CameraEmbed>
    private let now: Timestamp

    init(_ request: Request, scope: Scope, now: Timestamp) throws(Problem) {
        self = try Query.read(request) { query in
            let page = ListPage.read(query)
            let order = query.value("sort", default: Order.id, Order.init(choosing:))
            let filters = CameraFilters.read(query, scope: scope)
            let embeds = query.value("include", default: [], CameraEmbed.set(choosing:))
            return query.make(at: "after") {
                let (page, order) = (try page.get(), try order.get())
                return CameraList(
                    page: page, order: order, cursor: try page.cursor(of: order.rawValue, isValid: order.takes),
                    filters: try filters.get(), embeds: try embeds.get(), now: now)
            }
        }
    }

    private init(
        page: ListPage, order: Order, cursor: ListCursor?, filters: CameraFilters, embeds: Set<CameraEmbed>,
        now: Timestamp
    ) {
        self.page = page
        self.order = order
        self.cursor = cursor
        self.filters = filters
        self.embeds = embeds
        self.now = now
    }

    private static let parameters: [(key: String, value: ValueType)] =
        [
            ("limit", .integer), ("skip", .integer), ("after_id", .integer), ("after_text", .text),
            ("after_time", .timestamp), ("quarter", .timestamp),
        ] + CameraFilters.parameters

    private var values: [(key: String, value: Parameter)] {
        [
            ("limit", .integer(page.limit)), ("skip", .integer(page.skip)),
            ("quarter", .timestamp(CameraEmbed.quarter(now))),
        ] + (cursor.map(order.values) ?? []) + filters.values
    }

    /// A session keeps a bounded number of statements prepared: those that are asked for all day.
    var statement: Statement {
        let isCommon = filters.conditions.isEmpty && filters.status == nil && page.skip == 0 && page.start == nil
        return query.statement(among: values, prepared: isCommon)
    }

    /// Sets the query apart from those of other lists.
    private var name: String {
        let parts = [page.skip > 0 ? "skip" : nil, page.start.map { $0.cursor == nil ? "from_start" : "after" }]
        return
            (["cameras_by_\(order.rawValue)"] + parts.compactMap(\.self) + filters.names
            + embeds.map(\.rawValue).sorted())
            .joined(separator: "_")
    }

    /// The page's items are one JSON array; `last` is the key and the id of the last one where cursors are asked for and
    /// there is more.
    ///
    /// The query holds only the filters that are given, for a plan that served all of them could use no index. The
    /// page's ids are looked for first, in an index alone where the order has one, so that what is skipped is not read.
    var query: SQLQuery {
        let offset = page.skip > 0 ? "offset :skip" : ""
        let rest = cursor.map { _ in "where \(order.conditionAfterCursor)" } ?? ""
        let last =
            page.start == nil
            ? "null::json" : "case when (select count(*) from candidates) > :limit then \(order.last) end"
        // What is searched for is looked at once, for page and total.
        let hits = filters.isSearch ? "materialized" : "not materialized"
        let total = filters.totals ?? "(select count(*) from hits)"
        let legs = legs(filters.conditions)
        let first = "\(ListPage.maximumLimit + 1)" + (page.skip > 0 ? " + :skip::bigint" : "")
        // Of several legs each gives its first, in order.
        let ordered =
            legs.count == 1 || filters.isSearch
            ? "hits"
            : "(\(legs.map { "(select * from (\($0)) as leg \(rest) order by \(order.sql) limit \(first))" }.joined(separator: " union all "))) as hits"
        let (tables, joins) = embedding
        let members = CameraEmbed.allCases.filter(embeds.contains).map { embed in
            ", \(embed.document(of: "page.camera_id", status: "page.standing")) as \(embed.member)"
        }
        let sql = """
            with hits as \(hits) (
              \(legs.joined(separator: "\nunion all\n"))
            ),
            -- A limit that the planner knows: it reads the first of an index rather than sort what it takes for many.
            candidates as (
              select camera_id from \(ordered) \(rest) order by \(order.sql) \(offset) limit \(ListPage.maximumLimit + 1)
            ),
            page as (
              select cameras.*, \(CameraStanding.status) as standing
              from \(CameraStanding.cameras) as cameras
              where camera_id in (select camera_id from candidates limit :limit)
            )\(tables.map { ",\n\($0)" }.joined())
            select
              \(ReadModels.position(of: .cameraState)) as position,
              \(total) as total,
              \(ReadModels.array(
                "select \(CameraReads.columns)\(members.joined())", from: (["page"] + joins).joined(separator: " "),
                orderedBy: order.shownSQL)) as items,
              \(last) as last
            """
        return SQLQuery(
            name, parts: sql, among: Self.parameters,
            columns: ["position": .integer, "total": .integer, "items": .bytes, "last": .bytes])
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
    private var embedding: (tables: [String], joins: [String]) {
        if embeds.isEmpty { return ([], []) }
        var tables = [CameraEmbed.checkpoint]
        var joins = ["cross join checkpoint"]
        if embeds.contains(.counts) {
            tables.append("cameras as (select camera_id, time_zone from page)")
            tables.append(CameraEmbed.today(":quarter::timestamptz"))
            joins += ["left join days using (time_zone)", "left join counted on counted_id = page.camera_id"]
        }
        return (tables, joins)
    }

    /// The `Link` header, with what was asked for in each address.
    func links(total: Int64, next: ListCursor?) -> String {
        let included = CameraEmbed.allCases.filter(embeds.contains).map(\.rawValue).joined(separator: ",")
        return page.links(
            "/cameras", total: total, next: next,
            [("sort", order.rawValue)] + filters.given + (included.isEmpty ? [] : [("include", included)]))
    }

    /// The cursor of the page's last item, where more follow.
    func next(_ row: Row) throws -> ListCursor? {
        guard let parts = try row.optionalBytes("last") else { return nil }
        let last = try JSON.parse(parts).array ?? []
        guard last.count == 2, let id = last[1].string else {
            throw PostgresError.decoding(reason: "a page without a last row")
        }
        return ListCursor(order: order.rawValue, value: last[0].string, id: id)
    }
}
