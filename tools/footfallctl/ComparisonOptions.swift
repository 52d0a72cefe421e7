import ArgumentParser
import Installation
import Projector

/// How a comparison of read models with the log is shown.
struct ComparisonOptions: ParsableArguments {
    @Option(help: "How many rows of each kind of difference are shown, per table; 5 where it is not given.")
    var samples: Int?

    @Flag(help: "One JSON object a line.")
    var json = false

    func validate(isComparing: Bool) throws {
        if let samples, !(0...1000).contains(samples) {
            throw ValidationError("--samples is \(samples); it must be 0 to 1000")
        }
        if !isComparing, json || samples != nil {
            throw ValidationError("--json and --samples go with a comparison only")
        }
    }

    /// - Parameter names: of projections; nil for all there are.
    func run(_ names: [String]?, on database: DatabaseOptions) async throws {
        let definitions = try ProjectionDefinition.load(from: ReleaseFiles.locate().projections)
        let known = definitions.map(\.name)
        for name in names ?? [] where !known.contains(name) {
            complain("there is no projection \(name); there are \(known.joined(separator: ", "))")
            throw ExitCode(64)
        }
        try await DryRun(
            database: database, definitions: definitions.filter { names?.contains($0.name) ?? true },
            samples: samples ?? 5, json: json
        ).run()
    }
}
