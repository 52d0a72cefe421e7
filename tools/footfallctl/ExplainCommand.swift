import ArgumentParser
import Counting
import EventSourcing
import Foundation
import Postgres
import UseCases

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show the events that make up a count, and whether the read model says the same.",
        discussion: """
            Adds up the readings and corrections in the log, up to the position that the read model reflects, and \
            compares the sum with the read model, quarter hour by quarter hour. Exit code 1 where they differ.
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(help: "The camera's id.")
    var camera: Int64

    @Option(help: "Counts from this instant (RFC 3339) on; widened to whole quarter hours.")
    var from: Timestamp

    @Option(help: "Counts before this instant (RFC 3339).")
    var to: Timestamp

    @Option(help: "Only what crossed this line.")
    var line: String?

    @Option(name: .customLong("class"), help: "Only objects of this class.")
    var objectClass: String?

    @Flag(help: "One JSON object a line: each event, then the answer without them.")
    var json = false

    func validate() throws {
        if camera < 1 { throw ValidationError("--camera is \(camera); ids begin at 1") }
        if from >= to { throw ValidationError("--from must lie before --to") }
    }

    func run() async throws {
        try await database.withDatabase { [self] target in
            let pool = Pool(target, size: 1, logger: .operators)
            defer { pool.close() }
            if try await explain(on: pool) { throw ExitCode.failure }
        }
    }

    /// Whether the read model differs. Shows the events page by page.
    private func explain(on pool: Pool) async throws -> Bool {
        let explanation = CountExplanation(pool: pool)
        var question = CountExplanation.Question(
            cameraID: try CameraID(camera), from: from, to: to, line: line?.inNormalForm,
            objectClass: objectClass?.inNormalForm, limit: 1000)
        while true {
            let answer = try await explanation.answer(question)
            guard answer.isRemoved != nil else {
                complain("there is no camera \(camera)")
                throw ExitCode(64)
            }
            guard answer.position != nil else {
                complain("the read model is being built for the first time; retry later")
                throw DatabaseOptions.unreachable
            }
            var document = try JSON.parse(answer.json).object ?? [:]
            for item in document.removeValue(forKey: "items")?.array ?? [] {
                print(json ? item.text : Self.text(of: item))
            }
            if let next = answer.next, !Task.isCancelled {
                question.after = next
                continue
            }
            let differs = document["differs"] == true
            if json { print(JSON.object(document).text) } else { show(document, differs: differs) }
            return differs
        }
    }

    private static func text(of item: JSON) -> String {
        func text(_ name: String) -> String {
            switch item[name] {
            case .string(let text): text
            case nil, .null: "-"
            case let other?: other.text
            }
        }
        let place = "\(text("line")) \(text("class"))"
        let source = "\(text("source")) \(text("sequence"))"
        let what =
            item["type"] == "CountCorrected"
            ? "corrected \(signed(item["correction_in"])) in \(signed(item["correction_out"])) out by \(text("actor")): \(text("reason"))"
            : "observed \(text("observed_at"))  \(text("count_in")) in \(text("count_out")) out  from \(source)\(item["backfill"] == true ? " (backfill)" : "")"
        return "\(text("position"))  v\(text("version"))  recorded \(text("recorded_at"))  \(place)  \(what)"
    }

    private static func signed(_ number: JSON?) -> String {
        let number = number?.integer ?? 0
        return number > 0 ? "+\(number)" : "\(number)"
    }

    private func show(_ document: JSONObject, differs: Bool) {
        func counts(_ counts: JSON?) -> String {
            guard let counts, counts != .null else { return "nothing" }
            func number(_ name: String) -> String { counts[name]?.text ?? "-" }
            return "\(number("count_in")) in \(number("count_out")) out in \(number("readings")) readings, "
                + "corrected by \(Self.signed(counts["correction_in"])) in \(Self.signed(counts["correction_out"])) out"
        }
        let position = document["position"]?.text ?? "-"
        print("events:     \(counts(document["explained"]))")
        print("read model: \(counts(document["read_model"]))")
        print(differs ? "they DIFFER at position \(position)" : "they are the same at position \(position)")
        for difference in document["differences"]?.array ?? [] {
            let place = ["bucket_start", "line", "class"].compactMap { difference[$0]?.string }.joined(separator: " ")
            print(
                "  \(place): events \(counts(difference["explained"])); read model \(counts(difference["read_model"]))")
        }
    }
}
