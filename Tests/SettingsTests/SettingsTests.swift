import API
import Counting
import Testing

@testable import Settings

@Suite struct SettingsTests {
    /// Whatever is declared is found: a property that is no setting would hide one.
    @Test func everyGroupHoldsSettingsAlone() {
        #expect(Mirror(reflecting: Settings.all).children.count == Settings.groups.count)
        for child in Mirror(reflecting: Settings.all).children {
            let group = Settings.groups.first { $0.title == (child.value as? any SettingGroup)?.title }
            #expect(group?.settings.count == Mirror(reflecting: child.value).children.count, "\(child.label ?? "")")
        }
    }

    @Test func namesAndFlagsAreEachTheirOwn() {
        let names = Settings.declarations.map(\.name)
        let flags = Settings.declarations.compactMap(\.flag)
        #expect(names.count > 40)
        #expect(Set(names).count == names.count)
        #expect(Set(flags).count == flags.count)
    }

    @Test func defaultsCanBeGivenToo() {
        for declaration in Settings.declarations {
            guard let standard = declaration.standard, !standard.contains("`") else { continue }
            #expect(declaration.fault(standard) == nil, "\(declaration.variable)")
        }
    }

    @Test func sentencesAreOfOneForm() {
        for declaration in Settings.declarations {
            #expect(declaration.sentence.first?.isUppercase == true, "\(declaration.variable)")
            #expect(!declaration.sentence.hasSuffix("."), "\(declaration.variable)")
        }
    }

    /// Secrets have no flag: command lines can be read by everybody on the machine. Those of a database may be none.
    @Test func secretsHaveNoFlagAndAreKeptFromOthers() {
        let confidential = Settings.declarations.filter(\.isConfidential)
        #expect(
            Set(confidential.map(\.variable)) == [
                "FOOTFALL_AUTH_SECRET", "FOOTFALL_AUTH_SECRET_FILE", "FOOTFALL_MASTER_KEY", "FOOTFALL_MASTER_KEY_FILE",
                "FOOTFALL_DATABASE_URL", "FOOTFALL_REDIS_URL", "FOOTFALL_TOKEN", "FOOTFALL_TOKEN_FILE",
                "FOOTFALL_AUDIT_KEY_FILE",
            ])
        let flags = confidential.compactMap(\.flag)
        #expect(Set(flags) == ["database-url", "master-key-file", "token-file"])
    }

    /// What stands where no settings are read, as in tests of a module.
    @Test func modulesHaveTheSameDefaults() {
        let policy = NetworkPolicy()
        var reader = SettingReader(environment: [:])
        #expect(policy.maximumBodyBytes == reader.value(\.limits.bodyBytes))
        #expect(policy.maximumConnections == reader.value(\.limits.connections))
        #expect(policy.maximumConnectionsOfClient == reader.value(\.limits.connectionsOfClient))
        #expect(policy.maximumRequests == reader.value(\.limits.requests))
        #expect(policy.maximumStreams == reader.value(\.limits.streams))
        #expect(policy.readTimeout == reader.value(\.limits.readTimeout))
        #expect(policy.writeTimeout == reader.value(\.limits.writeTimeout))
        #expect(policy.idleTimeout == reader.value(\.limits.idleTimeout))
        #expect(ObservationTime.tolerance == reader.value(\.limits.clockTolerance))
    }
}
