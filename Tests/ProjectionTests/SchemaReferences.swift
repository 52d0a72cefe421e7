import Foundation

@testable import Postgres
@testable import Projector

/// What a build's SQL refers to, as the server itself has parsed it.
struct SchemaReferences {
    /// Everything that is no input of a projection, in words.
    private(set) var breaches: [String] = []

    /// - Parameter schema: of a build of the definition.
    init(of definition: ProjectionDefinition, in schema: String, on connection: Connection) async throws {
        do {
            try await connection.transaction {
                try await connection.script("set local search_path = \(schema), public")
                // The body of a function in SQL is kept parsed; that of apply() is text.
                try await connection.script(
                    "create function parsed() returns void language sql begin atomic \(definition.apply)\n; end")
            }
        } catch let error as PostgresError {
            breaches.append("apply.sql is not a list of plain statements: \(error)")
            return
        }
        let rows = try await connection.query(Self.foreign, [.text(schema)])
        breaches += try rows.map { try $0.text(0) }
        for (file, text) in [("apply.sql", definition.apply), ("tables.sql", definition.tables)]
        where text.contains(/(?i)'\s*(now|today|tomorrow|yesterday)\b/) {
            breaches.append("\(file) has a literal that means the current time")
        }
    }

    /// One row for each thing that must not be there. Trees are the server's own form of what it has parsed: relid is a
    /// table or view that is named, funcid and so on a function that is called; SQLVALUEFUNCTION is current_timestamp,
    /// current_user and their like.
    private static let foreign = """
        with home as (
          select oid, nspname from pg_namespace where nspname = $1
        ),
        trees as (
          select 'apply.sql' as place, prosqlbody::text as tree, true as is_apply
          from pg_proc join home on pronamespace = home.oid
          where proname = 'parsed'
          union all
          select 'view ' || relname, ev_action::text, false
          from pg_rewrite join pg_class on ev_class = pg_class.oid join home on relnamespace = home.oid
          where relname <> 'batch'
          union all
          select 'default of ' || relname, adbin::text, false
          from pg_attrdef join pg_class on adrelid = pg_class.oid join home on relnamespace = home.oid
          union all
          select 'constraint ' || conname, conbin::text, false
          from pg_constraint join home on connamespace = home.oid
          where conbin is not null
        ),
        relations as (
          select distinct place, is_apply, found[1]::oid as id
          from trees cross join lateral regexp_matches(tree, ':relid (\\d+)', 'g') as found
        ),
        functions as (
          select distinct place, found[1]::oid as id
          from trees
          cross join lateral
            regexp_matches(tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\\d+)', 'g') as found
        )
        select place || ' reads ' || relations.id::regclass
        from relations join pg_class on pg_class.oid = relations.id cross join home
        where relnamespace <> home.oid or is_apply and relname = 'batch'
        union all
        select place || ' calls ' || functions.id::regprocedure
        from functions join pg_proc on pg_proc.oid = functions.id
        where provolatile = 'v'
          or proname in (
            'now', 'statement_timestamp', 'transaction_timestamp', 'current_setting', 'pg_backend_pid',
            'current_schema', 'current_database', 'session_user', 'version'
          )
          or proname = 'age' and pronargs = 1
          or proname like 'txid%' or proname like 'pg\\_current%' or proname like 'inet\\_%'
        union all
        select place || ' uses a value of the session, such as current_timestamp'
        from trees
        where tree like '%SQLVALUEFUNCTION%' or tree like '%NEXTVALUEEXPR%'
        union all
        select 'column ' || relname || '.' || attname || ' numbers its rows itself'
        from pg_attribute join pg_class on attrelid = pg_class.oid join home on relnamespace = home.oid
        where attidentity <> ''
        union all
        select 'trigger ' || tgname || ' on ' || relname
        from pg_trigger join pg_class on tgrelid = pg_class.oid join home on relnamespace = home.oid
        where not tgisinternal
        order by 1
        """
}
