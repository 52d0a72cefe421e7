import TestSupport
import Testing

/// The page of all commands, made of what `--help` prints.
@Suite(.timeLimit(.minutes(5))) struct CommandReferenceTests {
    @Test func thePageSaysWhatTheProgramsSay() async throws {
        var page = """
            # Commands

            \(ReferencePage.notice)

            What each program prints for `--help`.

            """
        for program in ["footfall", "footfall-worker", "footfallctl"] {
            try await add(program, [], to: &page)
        }
        #expect(try ReferencePage.holds("commands.md", page), "run tools/generate")
    }

    private func add(_ program: String, _ command: [String], to page: inout String) async throws {
        let words = [program] + command
        let result = try await Program.run(program, command + ["--help"], environment: ["COLUMNS": "100"])
        #expect(result.code == 0, "\(result.output)")
        page += "\n\(command.isEmpty ? "##" : "###") \(words.joined(separator: " "))\n\n```\n\(result.output)```\n"
        for subcommand in Self.subcommands(in: result.output) {
            try await add(program, command + [subcommand], to: &page)
        }
    }

    /// The names under "SUBCOMMANDS:".
    private static func subcommands(in help: String) -> [String] {
        let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(of: "SUBCOMMANDS:") else { return [] }
        return lines[(start + 1)...].prefix { !$0.isEmpty }.compactMap { line in
            guard line.hasPrefix("  "), !line.hasPrefix("   ") else { return nil }
            return line.split(separator: " ").first.map(String.init)
        }
    }
}
