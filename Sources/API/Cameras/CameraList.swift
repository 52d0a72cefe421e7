import Access
import Counting
import EventSourcing
import Foundation
import HTTPTypes
import Hummingbird
import Postgres

/// What a list of cameras is asked for: filters, order and page.
struct CameraList {
    enum Order: String, CaseIterable {
        case id, name, createdAt = "created_at", updatedAt = "updated_at", status
        case idDown = "-id", nameDown = "-name", createdAtDown = "-created_at", updatedAtDown = "-updated_at"
        case statusDown = "-status"

        /// SQL to order by; ties are broken by id, so that pages do not overlap.
        var sql: String {
            let column = rawValue.drop { $0 == "-" }
            if column == "id" { return self == .id ? "camera_id" : "camera_id desc" }
            return "\(column)\(rawValue.hasPrefix("-") ? " desc" : ""), camera_id"
        }
    }

    let skip: Int64
    let limit: Int64
    let minimumPosition: Int64?
    private let order: Order
    private let filters: [(name: String, value: String?)]
    private let scope: ScopeCondition

    /// - Parameter scope: the cameras that there are at all for whoever asks.
    init(_ request: Request, in scope: Scope) throws(Problem) {
        self = try Query.read(request) { query in
            let skip = query.value("skip", default: 0, QueryRule.integer(in: 0...Int64.max))
            let limit = query.value("limit", default: 10, QueryRule.integer(in: 1...100))
            let order = query.value("sort", default: Order.id, Order.init(choosing:))
            let status = query.optional("status", CameraStatus.init(choosing:))
            let desired = query.optional(
                "desired_state", DesiredState.init(choosing:))
            let worker = query.optional("worker_id", WorkerID.init)
            let location = query.optional("location", QueryRule.text)
            let search = query.optional("search", QueryRule.text)
            let minimum = query.minimumPosition()
            return query.make(at: "skip") {
                CameraList(
                    skip: try skip.get(), limit: try limit.get(), minimumPosition: try minimum.get(),
                    order: try order.get(),
                    filters: [
                        ("status", try status.get()?.rawValue), ("desired_state", try desired.get()?.rawValue),
                        ("worker_id", try worker.get()?.text), ("location", try location.get()),
                        ("search", try search.get()),
                    ],
                    scope: ScopeCondition(scope))
            }
        }
    }

    private init(
        skip: Int64, limit: Int64, minimumPosition: Int64?, order: Order, filters: [(name: String, value: String?)],
        scope: ScopeCondition
    ) {
        self.skip = skip
        self.limit = limit
        self.minimumPosition = minimumPosition
        self.order = order
        self.filters = filters
        self.scope = scope
    }

    /// Selects position, total and the page's items as one JSON array. Location and search find parts of the text,
    /// whatever its case.
    var sql: String {
        """
        with hits as not materialized (
          select *
          from read.camera_state as camera
          where not removed
            and ($3::text is null or status = $3)
            and ($4::text is null or desired_state = $4)
            and ($5::text is null or worker_id = $5)
            and ($6::text is null or strpos(lower(location), lower($6)) > 0)
            and ($7::text is null or strpos(lower(name), lower($7)) > 0 or strpos(lower(description), lower($7)) > 0)
            and \(ScopeCondition.sql("camera", from: 8))
        ),
        page as (
          select * from hits order by \(order.sql) offset $1 limit $2
        )
        select
          \(ReadModels.position(of: .cameraState)),
          (select count(*) from hits),
          \(ReadModels.array("select \(CameraReads.columns)", from: "page", orderedBy: order.sql))
        """
    }

    var parameters: [Parameter] {
        [.integer(skip), .integer(limit)] + filters.map { .text($0.value) } + scope.parameters
    }

    /// The `Link` header (RFC 8288) with the first, previous, next and last page, as far as there are any.
    func links(total: Int64) -> String {
        let lastSkip = total == 0 ? 0 : (total - 1) / limit * limit
        var pages: [(relation: String, skip: Int64)] = [("first", 0)]
        if skip > 0 { pages.append(("prev", max(0, min(skip - limit, lastSkip)))) }
        if skip < total - limit { pages.append(("next", skip + limit)) }
        pages.append(("last", lastSkip))
        return pages.map { "<\(address(skip: $0.skip))>; rel=\"\($0.relation)\"" }.joined(separator: ", ")
    }

    private func address(skip: Int64) -> String {
        var items = [("skip", String(skip)), ("limit", String(limit)), ("sort", order.rawValue)]
        items += filters.compactMap { name, value in value.map { (name, $0) } }
        let unreserved = CharacterSet(charactersIn: "-._~").union(.alphanumerics)
        let query = items.map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: unreserved) ?? "")"
        }
        return "\(Route.base)/cameras?\(query.joined(separator: "&"))"
    }
}
