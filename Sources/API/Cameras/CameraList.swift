import Access
import Counting
import EventSourcing
import Hummingbird
import Postgres

/// What a list of cameras is asked for: filters, order and page.
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
    }

    let page: ListPage
    private let order: Order
    private let filters: CameraFilters

    init(_ request: Request, scope: Scope) throws(Problem) {
        self = try Query.read(request) { query in
            let page = ListPage.read(query)
            let order = query.value("sort", default: Order.id, Order.init(choosing:))
            let filters = CameraFilters.read(query, scope: scope)
            return query.make(at: "skip") {
                CameraList(page: try page.get(), order: try order.get(), filters: try filters.get())
            }
        }
    }

    private init(page: ListPage, order: Order, filters: CameraFilters) {
        self.page = page
        self.order = order
        self.filters = filters
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
        // What a pattern finds is looked at once, for page and total.
        let hits = filters.hasPatterns ? "materialized" : "not materialized"
        let total = filters.totals ?? "(select count(*) from hits)"
        let sql = """
            with hits as \(hits) (
              select camera_id\(order.column == "camera_id" ? "" : ", \(order.column)")
              from read.camera_state as camera
              where \((["not removed"] + conditions).joined(separator: " and "))
            ),
            -- A limit that the planner knows: it reads the first of an index rather than sort what it takes for many.
            candidates as (
              select camera_id from hits order by \(order.sql) \(offset) limit \(ListPage.maximumLimit)
            ),
            page as (
              select * from read.camera_state where camera_id in (select camera_id from candidates limit $1)
            )
            select
              \(ReadModels.position(of: .cameraState)),
              \(total),
              \(ReadModels.array("select \(CameraReads.columns)", from: "page", orderedBy: order.sql))
            """
        // A session keeps a bounded number of statements prepared: those that are asked for all day.
        return Statement(sql, parameters, prepared: conditions.isEmpty && page.skip == 0)
    }

    /// The `Link` header, with what was asked for in each address.
    func links(total: Int64) -> String {
        page.links("/cameras", total: total, [("sort", order.rawValue)] + filters.given)
    }
}
