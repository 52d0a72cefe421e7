import Foundation
import Postgres
import Testing

@Suite struct SQLStateTests {
    /// PostgreSQL 15's documentation, appendix A: every class there is but those of success, warning and no data.
    private static let classes = [
        "03", "08", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "20", "21", "22", "23", "24", "25", "26", "27", "28",
        "2B", "2D", "2F", "34", "38", "39", "3B", "3D", "3F", "40", "42", "44", "53", "54", "55", "57", "58", "72",
        "F0", "HV", "P0", "XX",
    ]

    @Test func everyClassOfErrorsHasAFault() {
        #expect(SQLState.faultsOfClasses.keys.sorted() == Self.classes)
    }

    /// The server's own list, where it lies on this machine.
    @Test func theServersListOfClassesIsTheSame() throws {
        let file = "/usr/share/postgresql/15/errcodes.txt"
        guard FileManager.default.fileExists(atPath: file) else { return }
        let prefix = "Section: Class "
        let classes = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count).prefix(2)) }
        #expect(classes.filter { !["00", "01", "02"].contains($0) } == Self.classes)
    }

    @Test(arguments: ["20000", "21000", "22003", "22P02", "22021", "23502", "23505", "44000", "P0001", "P0002"])
    func whatAStatementDoesWithItsDataIsTheDatas(_ code: String) {
        #expect(SQLState.fault(of: code) == .data)
    }

    @Test(arguments: [
        "08000", "08006", "08P01", "25006", "25P03", "40001", "40003", "40P01", "53000", "53100", "53200", "53300",
        "53400", "54000", "54001", "55000", "55006", "55P03", "57014", "57P01", "57P03", "58000", "58030", "58P01",
        "72000",
    ])
    func whatTheDatabaseCannotDoNowIsTheDatabases(_ code: String) {
        #expect(SQLState.fault(of: code) == .database)
    }

    @Test(arguments: [
        "0A000", "25001", "25P02", "28000", "3D000", "3F000", "42P01", "42601", "42501", "54011", "HV000",
    ])
    func whatNoDataAndNoTimeMendsIsTheStatements(_ code: String) {
        #expect(SQLState.fault(of: code) == .statement)
    }

    @Test func damageIsTheServers() {
        for code in ["XX000", "XX001", "XX002", "F0000"] { #expect(SQLState.fault(of: code) == .server) }
    }

    @Test func whatIsUnknownIsBlamedOnNoData() {
        #expect(SQLState.fault(of: "QQ000") == .statement)
        #expect(SQLState.fault(of: "") == .statement)
    }
}
