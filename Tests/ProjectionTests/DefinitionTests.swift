import Testing

@testable import Projector

/// What a projection's files declare, and what is refused of them.
@Suite struct DefinitionTests {
    private func definition(_ apply: String) throws(ProjectionDefinition.Invalid) -> ProjectionDefinition {
        var views: [String: EventView] = [:]
        for name in ["seen", "heard"] {
            views[name] = try EventView(name: name, text: "-- Event: Seen 1\nselect position from batch")
        }
        return try ProjectionDefinition(name: "p", tables: "", apply: apply, eventViews: views)
    }

    @Test(arguments: [
        "-- Inputs: seen, heard\nselect from seen join heard using (position)",
        "-- What it does.\n-- Inputs: seen,\n-- heard\n-- More.\nselect from seen; select from heard",
        "/* Inputs: heard, seen */ select from heard, seen",
    ]) func inputsAreThoseThatAreDeclared(_ apply: String) throws {
        #expect(try definition(apply).eventViews.keys.sorted() == ["heard", "seen"])
    }

    @Test(arguments: [
        ("-- Inputs: seen\nselect from seen join heard using (position)", "heard"),
        ("select from seen", "seen"), ("-- Inputs: seen\nselect from seen, batch", "batch"),
        ("-- Inputs: seen\nselect from SEEN, Heard", "heard"),
    ]) func aViewThatIsNotDeclaredIsRefused(_ apply: String, _ view: String) {
        #expect(throws: ProjectionDefinition.Invalid.undeclaredInput(projection: "p", view: view)) {
            try definition(apply)
        }
    }

    @Test(arguments: [
        ("-- Inputs: seen, heard\nselect from seen", "heard"), ("-- Inputs: smelt\nselect from smelt", "smelt"),
        ("-- Inputs: seen\nselect 'seen', \"seen\" -- from seen", "seen"),
        ("-- Inputs: seen\nselect $a$ from seen $a$ /* from /* seen */ seen */", "seen"),
        (#"-- Inputs: seen"# + "\n" + #"select E'\' from seen', 'it''s seen'"#, "seen"),
    ]) func aDeclarationThatMeansNothingIsRefused(_ apply: String, _ view: String) {
        #expect(throws: ProjectionDefinition.Invalid.uselessInput(projection: "p", view: view)) {
            try definition(apply)
        }
    }

    @Test func aViewSaysWhatItShows() throws {
        let view = try EventView(name: "seen", text: "-- By a lens.\n-- Event: Seen 1, 3\nselect position from batch\n")
        #expect(view.type == "Seen")
        #expect(view.schemaVersions == [1, 3])
        #expect(view.sql.hasSuffix("where type = 'Seen' and schema_version in (1, 3)"))
    }

    @Test(arguments: [
        "select position from batch", "-- Event: Seen\nselect 1", "-- Event: Seen 1\n-- Event: Heard 1\nselect 1",
    ])
    func aViewThatDoesNotIsRefused(_ text: String) {
        #expect(throws: ProjectionDefinition.Invalid.undeclaredView("seen")) { try EventView(name: "seen", text: text) }
    }

    @Test func commentsAndLayoutAreNoPartOfAStatement() {
        #expect(SQLText("  select 1, -- one\n   /* t /* w */ o */ 'a -- b'\n;").statement == "select 1, 'a -- b' ;")
        #expect(SQLText("select 1 /* never ended").statement == "select 1")
        #expect(SQLText("select 'never ended").statement == "select 'never ended")
        #expect(SQLText("select $1, $x$ -- a  b $x$, b").words == ["select", "1", "b"])
    }
}
