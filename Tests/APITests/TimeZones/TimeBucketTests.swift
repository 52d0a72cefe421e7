import EventSourcing
import TestSupport
import Testing

@testable import Postgres

/// That the database's buckets of local time are those of a plain fold over the zone's clocks, around every change of
/// every zone that PostgreSQL knows.
@Suite(.timeLimit(.minutes(5))) struct TimeBucketTests {
    private static let years = (first: 0, last: 2_145_916_800)  // 1970 to 2037

    private struct Place {
        let zone: String
        let clock: ZoneClock
        let change: ZoneClock.Change
    }

    /// Zones often change together and alike: one of them each time.
    private func changes(_ api: TestAPI) async throws -> [Place] {
        let pool = try #require(api.pool)
        let names = try await pool.query(
            """
            select name from pg_timezone_names
            where name like '%/%' and name not like 'posix/%' and name not like 'right/%'
            order by name
            """
        ).map { try $0.text(0) }
        var seen: Set<ZoneClock.Change> = []
        var places: [Place] = []
        for name in names {
            let clock = try ZoneClock(name)
            for change in clock.changes
            where change.at >= Self.years.first && change.at < Self.years.last && seen.insert(change).inserted {
                places.append(Place(zone: name, clock: clock, change: change))
            }
        }
        return places
    }

    /// Rows of a statement over `asked (zone, first, second)`, which is filled from what is given.
    private func wrong(
        _ condition: String, _ asked: [(zone: String, first: Int, second: Int)], _ api: TestAPI
    ) async throws -> [String] {
        var (zones, firsts, seconds) = (ArrayParameter(.text), ArrayParameter(.integer), ArrayParameter(.integer))
        for row in asked {
            zones.append(row.zone)
            firsts.append(Int64(row.first))
            seconds.append(Int64(row.second))
        }
        let pool = try #require(api.pool)
        return try await pool.query(
            """
            select zone || ' ' || first || ' ' || second
            from (
              select zone, to_timestamp(first) as first, to_timestamp(second) as second
              from unnest($1, $2, $3) as asked (zone, first, second)
            ) as asked
            where not (\(condition))
            limit 5
            """, [zones.parameter, firsts.parameter, seconds.parameter]
        ).map { try $0.text(0) }
    }

    @Test func theDatabaseGoesByTheSameClocks() async throws {
        try await withAPI(projecting: false) { api in
            let changes = try await changes(api)
            #expect(changes.count > 4000)
            let condition = "extract(epoch from first at time zone zone) = extract(epoch from second)"
            for offset in [-1, 0] {
                let asked = changes.map { place in
                    let time = place.change.at + offset
                    return (place.zone, time, time + (offset < 0 ? place.change.before : place.change.after))
                }
                #expect(try await wrong(condition, asked, api) == [])
            }
        }
    }

    @Test(arguments: [(ZoneClock.Unit.hour, 5), (.day, 60), (.week, 9 * 24)])
    func bucketsAroundEveryChangeAreThoseOfTheClocks(_ unit: ZoneClock.Unit, _ hours: Int) async throws {
        try await withAPI(projecting: false) { api in
            var asked: [(zone: String, first: Int, second: Int)] = []
            for place in try await changes(api) {
                let (from, to) = (place.change.at - hours * 3600, place.change.at + hours * 3600)
                let starts = place.clock.starts(unit, from: from, to: to)
                asked += zip(starts, starts.dropFirst()).map { (place.zone, $0, $1) }
            }
            #expect(asked.count > 6000)
            // One begins where the other ends, for its first and its last instant alike.
            let condition = """
                bucket_start('\(unit)', first, zone) = first
                and bucket_start('\(unit)', second - interval '1 microsecond', zone) = first
                and bucket_end('\(unit)', first, zone) = second
                and second > first
                """
            #expect(try await wrong(condition, asked, api) == [])
        }
    }

    /// Where a date begins for good, and the days before it: at changes that are not by an hour, or near midnight.
    @Test func datesBeginWhereTheClocksShowThemForGood() async throws {
        try await withAPI(projecting: false) { api in
            let day = 86_400
            var begun: [(zone: String, first: Int, second: Int)] = []
            for place in try await changes(api) {
                let (change, clock) = (place.change, place.clock)
                let local = change.at + change.before
                let fromMidnight = min(local - ZoneClock.floored(local, day) * day, day - 1)
                guard abs(change.after - change.before) != 3600 || fromMidnight < 7200 || fromMidnight > day - 7200
                else { continue }
                for date in (ZoneClock.floored(local, day) - 1)...(ZoneClock.floored(local, day) + 2) {
                    // The last quarter hour before which the clocks showed an earlier time.
                    var start = ZoneClock.ceilingOfQuarter(date * day - change.after + 30 * 3600)
                    while clock.local(start - ZoneClock.quarter) >= date * day { start -= ZoneClock.quarter }
                    begun.append((place.zone, date * day, start))
                }
            }
            #expect(begun.count > 1000)
            #expect(
                try await wrong("local_start(first at time zone 'UTC', zone) = second", begun, api) == [])
        }
    }

    @Test func bucketsTileTheYearsOfZonesThatChangeOddly() async throws {
        try await withAPI(projecting: false) { api in
            let pool = try #require(api.pool)
            for zone in ["Pacific/Apia", "Pacific/Chatham", "Antarctica/Casey", "America/St_Johns", "Africa/Monrovia"] {
                let clock = try ZoneClock(zone)
                for unit in [ZoneClock.Unit.day, .week] {
                    let wanted = clock.starts(unit, from: 0, to: 1_500_000_000)
                    let (first, last) = (try #require(wanted.first), try #require(wanted.last))
                    let present = try await pool.query(
                        """
                        select extract(epoch from first)::bigint
                        from bucket_starts($1, to_timestamp($2), to_timestamp($3), $4) as first
                        """,
                        [.text(unit.rawValue), .integer(Int64(first)), .integer(Int64(last)), .text(zone)])
                    #expect(try present.map { Int(try $0.integer(0)) } == wanted.dropLast(), "\(zone) \(unit)")
                }
            }
        }
    }
}
