import ArgumentParser
import EventSourcing
import Foundation
import Installation
import Postgres
import Projector
import Synchronization
import TextTable

/// Compares read models with what the log makes of them, and says so.
struct DryRun: Sendable {
    static let different = ExitCode(1)
    static let failed = ExitCode(2)
    private static let interrupted = ExitCode(130)

    let database: DatabaseOptions
    let definitions: [ProjectionDefinition]
    let samples: Int
    let json: Bool

    /// Returns where all are equal; else throws the exit code: 1 where one differs, 2 where one could not be compared,
    /// 130 where it was interrupted.
    func run() async throws {
        let outcome = Mutex<ExitCode?>(Self.interrupted)
        do {
            try await database.withDatabase { target in
                var isEqual = true
                for definition in definitions {
                    let result = try await compare(definition, on: target)
                    isEqual = isEqual && result.isEqual
                    let leftOut = try await leftOut(of: definition, on: target)
                    let text = json ? Self.json(of: result, leftOut) : Self.text(of: result, leftOut)
                    // At once, also where the output is a pipe: the next comparison may take long.
                    try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
                }
                outcome.withLock { $0 = isEqual ? nil : Self.different }
            }
        } catch let code as ExitCode where code == .failure {
            throw Self.failed
        }
        if let code = outcome.withLock({ $0 }) { throw code }
    }

    private func compare(_ definition: ProjectionDefinition, on target: ConnectionTarget) async throws
        -> Comparison.Result
    {
        let line = ProgressLine()
        defer { line.end() }
        let comparison = Comparison(definition, on: target, maximumSamples: samples, logger: .operators)
        return try await comparison.run { progress in
            let share = progress.target == 0 ? 1 : Double(progress.position) / Double(progress.target)
            line.show(
                "\(definition.name): applied \(progress.position) of \(progress.target) events to a scratch build",
                share: share)
        }
    }

    private func leftOut(
        of definition: ProjectionDefinition, on target: ConnectionTarget
    ) async throws(PostgresError) -> [Skip.LeftOut] {
        let connection = try await Connection.open(target, logger: .operators)
        defer { connection.close() }
        return try await Skip.leftOut(of: definition.name, on: connection)
    }

    private static func json(of result: Comparison.Result, _ leftOut: [Skip.LeftOut]) -> String {
        var document = JSON(result).object ?? [:]
        document["skipped_positions"] = .array(leftOut.map { .integer($0.position) })
        return JSON.object(document).text
    }

    private static func text(of result: Comparison.Result, _ leftOut: [Skip.LeftOut]) -> String {
        let build = "\(result.projection) build \(result.build)"
        let position = "at position \(result.position)"
        var text =
            result.isEqual
            ? "\(build) is what the log makes of it \(position)" : "\(build) DIFFERS from a rebuild \(position)"
        if !result.isSameDefinition { text += " (it was made by another definition)" }
        text += "\n" + (TableLine.table.string(for: result.tables, style: Style.plain) ?? "")
        let samples = result.tables.flatMap { table in table.samples.flatMap { SampleLine.lines(of: $0, in: table) } }
        if !samples.isEmpty { text += "\n" + (SampleLine.table.string(for: samples, style: Style.plain) ?? "") }
        for table in result.tables {
            if !table.columnsAdded.isEmpty {
                text += "\n\(table.table): only a rebuild has \(table.columnsAdded.joined(separator: ", "))"
            }
            if !table.columnsRemoved.isEmpty {
                text += "\n\(table.table): a rebuild lacks \(table.columnsRemoved.joined(separator: ", "))"
            }
        }
        for event in leftOut {
            let what = event.type.map { ", \($0) of \(event.stream ?? "?")" } ?? ""
            text += "\n\(result.projection) LEAVES OUT position \(event.position)\(what), as position "
            text += "\(event.recordedAt) says: neither build has it"
        }
        return text
    }
}

private enum TableLine {
    static var table: TextTable<TableDifferences> {
        TextTable {
            [
                Column(title: "table", value: $0.table),
                Column(title: "rows", value: $0.activeRows, align: .right),
                Column(title: "rebuilt", value: $0.rebuiltRows, align: .right),
                Column(title: "added", value: $0.count(.added), align: .right),
                Column(title: "removed", value: $0.count(.removed), align: .right),
                Column(title: "changed", value: $0.count(.changed), align: .right),
            ]
        }
    }
}

/// One value of a row that differs, old and new side by side.
private struct SampleLine {
    let table: String
    let kind: String
    let key: String
    let column: String
    let active: String
    let rebuilt: String

    static var table: TextTable<SampleLine> {
        TextTable {
            [
                Column(title: "sample", value: $0.kind),
                Column(title: "table", value: $0.table),
                Column(title: "key", value: $0.key),
                Column(title: "column", value: $0.column),
                Column(title: "now", value: $0.active),
                Column(title: "rebuilt", value: $0.rebuilt),
            ]
        }
    }

    /// The columns whose values differ and are not part of the key.
    static func lines(of sample: TableDifferences.Sample, in table: TableDifferences) -> [SampleLine] {
        let (active, rebuilt) = (sample.active?.object ?? [:], sample.rebuilt?.object ?? [:])
        let key = sample.key?.object ?? [:]
        let columns = (sample.active == nil ? rebuilt : active).keys.filter { column in
            key[column] == nil && (sample.kind != .changed || active[column] != rebuilt[column])
        }
        return columns.enumerated().map { index, column in
            SampleLine(
                table: index == 0 ? table.table : "", kind: index == 0 ? sample.kind.rawValue : "",
                key: index == 0 ? key.values.map(Self.text).joined(separator: " ") : "", column: column,
                active: active[column].map(Self.text) ?? "", rebuilt: rebuilt[column].map(Self.text) ?? "")
        }
    }

    private static func text(_ value: JSON) -> String { value.string ?? value.text }
}

extension JSON {
    fileprivate init(_ result: Comparison.Result) {
        self = [
            "projection": .string(result.projection),
            "build": .integer(result.build),
            "position": .integer(result.position),
            "same_definition": .bool(result.isSameDefinition),
            "equal": .bool(result.isEqual),
            "tables": .array(
                result.tables.map { table in
                    [
                        "table": .string(table.table),
                        "rows": .integer(table.activeRows),
                        "rebuilt_rows": .integer(table.rebuiltRows),
                        "added": .integer(table.count(.added)),
                        "removed": .integer(table.count(.removed)),
                        "changed": .integer(table.count(.changed)),
                        "columns_added": .array(table.columnsAdded.map(JSON.string)),
                        "columns_removed": .array(table.columnsRemoved.map(JSON.string)),
                        "samples": .array(
                            table.samples.map { sample in
                                [
                                    "kind": .string(sample.kind.rawValue),
                                    "key": sample.key ?? .null,
                                    "now": sample.active ?? .null,
                                    "rebuilt": sample.rebuilt ?? .null,
                                ]
                            }),
                    ]
                }),
        ]
    }
}
