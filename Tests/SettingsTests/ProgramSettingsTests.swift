import ArgumentParser
import Installation
import Settings
import Testing

@testable import footfall
@testable import footfall_worker

/// Settings as the programs read them.
@Suite struct ProgramSettingsTests {
    @Test func aServerSaysAllThatIsWrongAtOnce() {
        let environment = [
            "FOOTFALL_RATE_LIMIT": "often", "FOOTFALL_REDIS_URL": "ftp://x", "FOOTFALL_CORS_ORIGINS": "*",
            "FOOTFALL_TRUSTED_PROXIES": "everybody", "FOOTFALL_TLS_KEY": "/k", "FOOTFALL_AUTH_SECRET": "short",
            "FOOTFALL_AUTH_VERIFY_URL": "nowhere", "FOOTFALL_STREAM_CA_FILE": "/nonexistent",
            "FOOTFALL_MAX_REQUESTS": "0",
            "FOOTFALL_PROT": "1",
        ]
        let error = #expect(throws: InvalidSettings.self) { try ServerSettings([], environment: environment) }
        for variable in environment.keys {
            #expect(error?.faults.contains { $0.contains(variable) } == true, "\(variable)")
        }
        #expect(error?.description.contains("short") == false)
    }

    @Test func aServerStartsWithoutAnySetting() throws {
        let settings = try ServerSettings([], environment: [:])
        #expect(settings.listening.port == 3002)
        #expect(settings.rates.everybody != nil)
        let open = try ServerSettings([], environment: ["FOOTFALL_AUTH": "off"])
        #expect(open.rates.everybody == nil)
    }

    @Test func aWorkerSaysAllThatIsWrongAtOnce() {
        let environment = [
            "FOOTFALL_SERVER_URL": "ftp://x", "FOOTFALL_WORKER_ID": "hall 7", "FOOTFALL_LOG_FORMAT": "xml",
            "FOOTFALL_STREAM_NETWORKS": "here", "FOOTFALL_STREAM_TLS_VERIFY": "maybe",
        ]
        let error = #expect(throws: InvalidSettings.self) { try WatchSettings([], environment: environment) }
        for variable in environment.keys {
            #expect(error?.faults.contains { $0.contains(variable) } == true, "\(variable)")
        }
    }

    @Test func flagsOfAllGroupsAreRead() throws {
        let command = try UpCommand.parse([
            "--data-dir", "/d", "--port", "1", "--auth-issuer", "i", "--model", "m", "--log-level", "debug",
        ])
        let settings = try InstallationSettings(command.settingFlags, environment: [:])
        #expect(settings.dataDirectory.path == "/d")
        #expect(settings.listening.port == 1)
        #expect(settings.authentication.issuer == "i")
        #expect(settings.model == "m")
        #expect(settings.logLevel == .debug)
        let watch = try WorkerCommand.parse(["--id", "w", "--stream-networks", "10.0.0.0/8"])
        #expect(try WatchSettings(watch.settingFlags, environment: [:]).id.text == "w")
        #expect(watch.settingFlags.count == 2)
    }

    /// A setting that is said to have a flag has one in some program, and its help says what is declared.
    @Test func everyFlagIsTaken() {
        let help = UpCommand.helpMessage(columns: 4000) + WorkerCommand.helpMessage(columns: 4000)
        for declaration in Settings.declarations {
            guard let flag = declaration.flag else { continue }
            #expect(help.contains("--\(flag) "), "\(flag)")
            #expect(help.contains(declaration.help), "\(flag)")
        }
    }

    @Test func programsThatDecodeAreGivenNothingConfidential() {
        #expect(DecodingProcess.withheld.contains("FOOTFALL_MASTER_KEY"))
        #expect(DecodingProcess.withheld.contains("PGPASSFILE"))
        for declaration in Settings.declarations {
            #expect(DecodingProcess.withheld.contains(declaration.variable) == declaration.isConfidential)
        }
    }
}
