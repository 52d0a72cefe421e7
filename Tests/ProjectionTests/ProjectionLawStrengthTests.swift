import Postgres
import TestSupport
import Testing

@testable import Projector

/// That each law can be broken: faults as they are made, and the laws that find them.
@Suite(.enabled(if: Tier.isWhole)) struct ProjectionLawStrengthTests {
    struct Fault: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let laws: Set<ProjectionLaw>
        /// Part of one of the breaches.
        let says: String
        /// Replaced in the sound definition: text, and what stands there instead.
        var tables = ("", "")
        var apply = ("", "")
        /// Statements after those of the sound definition.
        var more = ""
    }

    private static let tables = """
        create table busy (
            camera_id bigint not null,
            hour smallint not null,
            crossings bigint not null,
            last_line text,
            last_observed_at timestamptz not null,
            primary key (camera_id, hour)
        );
        """

    private static let apply = """
        -- Inputs: count_reading_recorded
        insert into busy (camera_id, hour, crossings, last_line, last_observed_at)
        select
            camera_id,
            extract(hour from observed_at at time zone 'UTC')::smallint as hour,
            sum(count_in + count_out)::bigint as crossings,
            (array_agg(line order by observed_at desc, line desc))[1] as last_line,
            max(observed_at) as last_observed_at
        from count_reading_recorded
        group by camera_id, hour
        on conflict (camera_id, hour) do update
        set
            crossings = busy.crossings + excluded.crossings,
            last_line = case
                when (excluded.last_observed_at, excluded.last_line) >= (busy.last_observed_at, busy.last_line)
                then excluded.last_line
                else busy.last_line
            end,
            last_observed_at = greatest(busy.last_observed_at, excluded.last_observed_at);
        """

    private static let faults = [
        Fault(
            testDescription: "a later range replaces what was added up", laws: [.anySplitGivesTheSameRows],
            says: "in steps of [1]", apply: ("busy.crossings + excluded.crossings", "excluded.crossings")),
        Fault(
            testDescription: "readings that say the same are counted once", laws: [.anySplitGivesTheSameRows],
            says: "in steps of [1]",
            apply: ("sum(count_in + count_out)", "sum(distinct count_in + count_out)")),
        Fault(
            testDescription: "the last to arrive is taken for the last observed", laws: [.anySplitGivesTheSameRows],
            says: "in steps of [1]",
            apply: ("greatest(busy.last_observed_at, excluded.last_observed_at)", "excluded.last_observed_at")),
        Fault(
            testDescription: "of several that are equal, any", laws: [.anyOrderOfTelemetryGivesTheSameRows],
            says: "last_line",
            apply: (
                "(excluded.last_observed_at, excluded.last_line) >= (busy.last_observed_at, busy.last_line)",
                "excluded.last_observed_at > busy.last_observed_at"
            )),
        Fault(
            testDescription: "of several that are equal, the last to arrive",
            laws: [.anyOrderOfTelemetryGivesTheSameRows], says: "last_line",
            apply: (
                "(excluded.last_observed_at, excluded.last_line) >= (busy.last_observed_at, busy.last_line)",
                "excluded.last_observed_at >= busy.last_observed_at"
            )),
        Fault(
            testDescription: "what comes late adds nothing", laws: [.anyOrderOfTelemetryGivesTheSameRows],
            says: "instead of busy",
            apply: (
                "crossings = busy.crossings + excluded.crossings",
                """
                crossings = busy.crossings
                    + case when excluded.last_observed_at >= busy.last_observed_at then excluded.crossings else 0 end
                """
            )),
        Fault(
            testDescription: "hours of the session's time zone", laws: [.anySessionGivesTheSameRows],
            says: "Asia/Kathmandu", apply: (" at time zone 'UTC'", "")),
        Fault(
            testDescription: "a column holds when it was applied", laws: [.itsInputsAreItsEvents],
            says: "calls now()",
            tables: ("primary key", "applied_on date not null default now()::date, primary key")),
        Fault(
            testDescription: "what is old today is left out", laws: [.itsInputsAreItsEvents],
            says: "current_timestamp",
            apply: ("group by", "where observed_at < current_timestamp + interval '10 years' group by")),
        Fault(
            testDescription: "the time in a literal", laws: [.itsInputsAreItsEvents],
            says: "means the current time",
            apply: ("group by", "where observed_at < timestamptz 'now' + interval '10 years' group by")),
        Fault(
            testDescription: "a random choice", laws: [.itsInputsAreItsEvents],
            says: "calls random()", apply: ("group by", "where random() < 2 group by")),
        Fault(
            testDescription: "another read model is read", laws: [.itsInputsAreItsEvents],
            says: "reads read.projections",
            apply: ("group by", "where not exists (select from read.projections where lag < 0) group by")),
        Fault(
            testDescription: "the log is read past the range", laws: [.itsInputsAreItsEvents],
            says: "reads events",
            apply: ("group by", "where exists (select from events where position = 1) group by")),
        Fault(
            testDescription: "events are read without their view", laws: [.itsInputsAreItsEvents],
            says: "batch", apply: ("-- Inputs: ", "-- Inputs: batch, "),
            more: "delete from busy where false and exists (select from batch);"),
        Fault(
            testDescription: "rows are numbered as they come",
            laws: [.itsInputsAreItsEvents, .anySplitGivesTheSameRows], says: "numbers its rows itself",
            tables: ("primary key", "id bigint generated always as identity, primary key")),
        Fault(
            testDescription: "every range writes every row", laws: [.anEventChangesOnlyWhatItConcerns],
            says: "CountReadingRecorded of camera", more: "update busy set crossings = crossings;"),
        Fault(
            testDescription: "an event of one camera writes rows of others",
            laws: [.anEventChangesOnlyWhatItConcerns], says: "CountReadingRecorded of camera",
            more: "update busy set crossings = crossings where exists (select from count_reading_recorded);"),
    ]

    private func definition(_ fault: Fault?) throws -> ProjectionDefinition {
        var (tables, apply) = (Self.tables, Self.apply)
        if let fault {
            if !fault.tables.0.isEmpty { tables.replace(fault.tables.0, with: fault.tables.1) }
            if !fault.apply.0.isEmpty { apply.replace(fault.apply.0, with: fault.apply.1) }
            apply += "\n" + fault.more
            #expect(tables != Self.tables || apply != Self.apply + "\n")
        }
        return try ProjectionDefinition(name: "busy", tables: tables, apply: apply, eventViews: EventViews.all())
    }

    @Test(arguments: ProjectionLaw.allCases)
    func whatIsSoundBreaksNoLaw(_ law: ProjectionLaw) async throws {
        try await Harness.with { harness in
            let breaches = try await law.breaches(by: definition(nil), in: harness)
            #expect(breaches == [])
        }
    }

    @Test(arguments: faults)
    func aFaultIsFound(_ fault: Fault) async throws {
        var breaches: [String] = []
        for law in fault.laws {
            let found = try await Harness.with { harness in
                try await law.breaches(by: definition(fault), in: harness)
            }
            #expect(!found.isEmpty, "\(law)")
            breaches += found
        }
        #expect(breaches.contains { $0.contains(fault.says) }, "\(breaches.first ?? "none")")
    }
}
