import Logging
import StructuredLogging
import Testing

@testable import Settings

@Suite struct SettingReaderTests {
    private func faults(_ environment: [String: String], flags: [SettingFlag] = []) -> [String] {
        var reader = SettingReader(flags, environment: environment)
        reader.checkAll()
        let error = #expect(throws: InvalidSettings.self) { try reader.check() }
        return error?.faults ?? []
    }

    @Test func aFlagGoesBeforeTheEnvironmentAndThatBeforeTheDefault() {
        let environment = ["FOOTFALL_PORT": "4000", "FOOTFALL_HOST": "10.0.0.1"]
        var reader = SettingReader([SettingFlag(\.network.port, "5000")], environment: environment)
        #expect(reader.value(\.network.port) == 5000)
        #expect(reader.value(\.network.host) == "10.0.0.1")
        #expect(reader.value(\.limits.requests) == 256)
        #expect(reader.value(\.database.url) == nil)
    }

    @Test func valuesHaveTheirTypes() throws {
        var reader = SettingReader(environment: [
            "FOOTFALL_SLOW_QUERY": "0.25", "FOOTFALL_AUTH": "off", "FOOTFALL_LOG_FORMAT": "json",
            "FOOTFALL_LOG_LEVEL": "warning", "FOOTFALL_CORS_ORIGINS": " https://a.example , https://b.example,",
        ])
        #expect(reader.value(\.database.slowQuery) == .milliseconds(250))
        #expect(reader.value(\.access.isOn) == false)
        #expect(reader.value(\.process.logFormat) == .json)
        #expect(reader.value(\.process.logLevel) == .warning)
        #expect(reader.value(\.network.corsOrigins) == ["https://a.example", "https://b.example"])
        try reader.check()
    }

    @Test func emptyVariablesOfFootfallAreAsGoodAsNone() throws {
        let environment = ["FOOTFALL_MODEL": "", "FOOTFALL_AUTH": "off", "HOME": "", "PATH": "/bin"]
        #expect(environment.withoutEmptySettings == ["FOOTFALL_AUTH": "off", "HOME": "", "PATH": "/bin"])
        var reader = SettingReader(environment: ["FOOTFALL_PORT": "", "FOOTFALL_MISSPELT": ""])
        #expect(reader.value(\.network.port) == 3002)
        try reader.check()
    }

    @Test func allThatIsWrongIsSaidAtOnce() {
        let faults = faults([
            "FOOTFALL_PORT": "70000", "FOOTFALL_DATABASE_WRITERS": "many", "FOOTFALL_LOG_LEVEL": "loud",
            "FOOTFALL_IDLE_TIMEOUT": "-1", "FOOTFALL_AUTH": "maybe", "FOOTFALL_STREAM_NETWORKS": "here",
            "FOOTFALL_WORKER_ID": "hall 7",
        ])
        #expect(faults.count == 7)
        #expect(faults.contains("FOOTFALL_PORT is 70000, not a number from 0 to 65535"))
        #expect(faults.contains("FOOTFALL_AUTH is maybe, not on or off"))
        #expect(faults.contains { $0.hasPrefix("FOOTFALL_LOG_LEVEL is loud, not trace, debug, ") })
        #expect(
            faults.contains { $0.hasPrefix("FOOTFALL_WORKER_ID is hall 7, not a worker's id: A worker's id holds") })
    }

    @Test func aWrongFlagIsNamedByTheVariableToo() {
        let faults = faults([:], flags: [SettingFlag(\.network.port, "x")])
        #expect(faults == ["FOOTFALL_PORT is x, not a number from 0 to 65535"])
    }

    @Test func whatIsReadTwiceIsSaidOnce() {
        var reader = SettingReader(environment: ["FOOTFALL_PORT": "x"])
        #expect(reader.value(\.network.port) == 3002)
        _ = reader.value(\.network.port)
        let error = #expect(throws: InvalidSettings.self) { try reader.check() }
        #expect(error?.faults.count == 1)
    }

    @Test func aVariableThatIsNoSettingIsNamed() {
        let faults = faults(["FOOTFALL_PROT": "3000", "FOOTFALL_TEST_MODELS": "/m", "OTHER": "x"])
        #expect(faults == ["FOOTFALL_PROT is no setting of this release"])
    }

    @Test func oneFaultIsASentenceAndSeveralAreAList() {
        #expect(InvalidSettings("a is wrong").description == "a is wrong")
        #expect(InvalidSettings(["a", "b"]).description == "2 settings are wrong:\n  a\n  b")
    }
}
