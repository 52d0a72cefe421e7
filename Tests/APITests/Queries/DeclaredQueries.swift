import Access
import Counting
import EventLog
import EventSourcing
import HTTPTypes
import Hummingbird
import NIOCore
import Postgres
import Projector
import Secrets

@testable import API
@testable import Reactions
@testable import UseCases

/// Every query that is declared, in each form that there is of it.
enum DeclaredQueries {
    static var all: [SQLQuery] {
        get throws { fixed + (try asked) + (try lists.map(\.query)) }
    }

    /// Those that need no request.
    static let fixed: [SQLQuery] =
        Migrator.queries + SessionLock.queries + Notification.queries + PostgresEventLog.queries
        + PostgresSecretStore.queries + Build.queries + ReactionCheckpoint.queries + useCases + cameras + scopes
        + others
        + exports

    private static let useCases = [CountExplanation.query, CountCorrections.query, Recordings.duration]

    private static let cameras =
        [
            CameraReads.whole, CameraReads.rest, StandingAfterCommand.query, CameraConfigResource.query,
            CameraStatusReads.query, StreamInfoReads.query, HealthReads.ofCamera, HealthReads.ofFleet,
        ] + CameraMetricsReads.queries + ReportQuery.Period.allCases.map(ReportQuery.query)

    private static let kinds: [Scope] = [.all, .cameras([7, 8]), .location("Hall 7"), .assigned(worker: "worker-7")]

    private static let scopes =
        ScopeCondition.queries + [RecentReporters.camerasInScope] + kinds.map(AssignmentResource.running)
        + kinds.flatMap { scope in
            [false, true].flatMap { isContinued in
                let query = WorkerQuery(scope: scope)
                return [query.list(isContinued: isContinued), query.show(isContinued: isContinued)]
            }
        }

    private static let others =
        [
            ReadModels.stream, RevocationWatch.version, ProjectionCommands.request, WorkerReads.assigned,
            LocalClock.query, SummaryQuery.query, SkippedEvents.ofFleet, SkippedEvents.presence,
        ] + [nil, .explicit, .daily].map(SkippedEvents.ofCamera) + [true, false].map(ReplacedTakes.query)

    private static var exports: [SQLQuery] {
        var queries = [CountsExport.cameras]
        for kind in ExportForm.Kind.allCases {
            queries += Exports.Subject.allCases.map { Exports.beginning(of: kind, $0) }
        }
        for format in [ExportForm.Format.csv, .jsonl] {
            for isLocal in [true, false] {
                queries.append(CountsExport.page(format, isLocal: isLocal))
                for source in [EventPages.Source.stored, .archived] {
                    for ofOneStream in [true, false] {
                        queries.append(
                            ReadingsExport.page(of: source, ofOneStream: ofOneStream, format, isLocal: isLocal))
                    }
                }
            }
        }
        return queries
    }

    /// Noon of 28 March 2026.
    private static let now = Timestamp(microseconds: 1_774_699_200_000_000)

    private static func request(_ query: String) -> Request {
        Request(
            head: HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/?\(query)"),
            body: RequestBody(buffer: ByteBuffer()))
    }

    /// Those that differ with what a request asks for.
    static var asked: [SQLQuery] {
        get throws {
            var queries: [SQLQuery] = []
            for bucket in Bucket.allCases where bucket != .minute {
                for fill in ["", "&fill=true"] {
                    let asked = "bucket=\(bucket.rawValue)\(fill)"
                    queries.append(try CountQuery(request(asked), now: now).query)
                    for grouping in FleetCountQuery.Grouping.allCases {
                        let asked = request("\(asked)&group_by=\(grouping.rawValue)")
                        queries.append(try FleetCountQuery(asked, scope: .all, now: now).query)
                    }
                }
            }
            for window in AnalyticsQuery.Window.allCases {
                for reset in Occupancy.Reset.allCases {
                    let asked = request("window=\(window.rawValue)&reset=\(reset.rawValue)")
                    queries.append(try AnalyticsQuery(asked, now: now).query)
                }
            }
            return queries + (try bucketedExports)
        }
    }

    private static var bucketedExports: [SQLQuery] {
        get throws {
            var queries: [SQLQuery] = []
            for bucket in ["hour", "day", "week"] {
                for format in ExportForm.Format.allCases {
                    let form = try ExportForm(
                        [
                            "kind": "hourly_counts", "format": .string(format.rawValue), "bucket": .string(bucket),
                            "from": "2026-03-28T00:00:00Z", "to": "2026-03-29T00:00:00Z",
                        ], isOfFleet: true)
                    let fleet = FleetFilter(scope: .all, cameraIDs: nil, location: nil)
                    let export = BucketedCountsExport(pool: Pool.unused, form: form, fleet: fleet)
                    if format == .csv { queries.append(export.cameras) }
                    queries.append(export.part)
                }
            }
            return queries
        }
    }

    /// The lists of cameras.
    static var lists: [CameraList] {
        get throws {
            var lists: [CameraList] = []
            func add(_ query: String, _ scope: Scope = .all) throws {
                lists.append(try CameraList(request(query), scope: scope, now: now))
            }
            for order in CameraList.Order.allCases {
                let last = cursor(of: order)
                for page in ["", "&skip=10", "&after=", "&after=\(last.token)"] {
                    try add("sort=\(order.rawValue)\(page)")
                }
            }
            for filter in [
                "status=online", "status=offline", "status=error", "desired_state=running", "stream_type=rtsp",
                "worker_id=worker-7", "location=Hall%207", "location_prefix=Hall%201", "search=do", "search=door%207",
                "search=...", "metadata.store=7", "include=health,counts", "status=online&desired_state=running",
            ] {
                try add(filter)
            }
            for scope in kinds.dropFirst() {
                try add("", scope)
                try add("status=online&sort=name", scope)
            }
            return lists
        }
    }

    private static func cursor(of order: CameraList.Order) -> ListCursor {
        let values = ["name": "Camera 7", "status": "online", "created_at": "0", "updated_at": "0"]
        return ListCursor(order: order.rawValue, value: values[order.column], id: "7")
    }
}

extension Pool {
    /// For what makes a query and does not run it.
    fileprivate static let unused = Pool(ConnectionTarget(""), logger: .silent)
}
