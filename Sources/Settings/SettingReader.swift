import Configuration
import Foundation

/// Reads settings: a flag, else its variable in the environment, where that is not empty, else the default. Gathers all that
/// is wrong, so that it is said at once.
package struct SettingReader: Sendable {
    private let values: ConfigReader
    private var faults: [String]

    package init(
        _ flags: [SettingFlag] = [], environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        let given = flags.map { (AbsoluteConfigKey([Self.scope] + $0.name.split(separator: ".").map(String.init)), $0) }
        values = ConfigReader(providers: [
            InMemoryProvider(
                values: Dictionary(given) { _, last in last }.mapValues {
                    ConfigValue(.string($0.text), isSecret: false)
                }),
            EnvironmentVariablesProvider(environmentVariables: environment.withoutEmptySettings),
        ]).scoped(to: ConfigKey(Self.scope))
        faults = Self.unknown(in: environment.withoutEmptySettings)
    }

    private static let scope = "footfall"

    /// What was given, or the default, which also stands in for what cannot be read.
    package mutating func value<Value>(_ path: KeyPath<Settings, Setting<Value>>) -> Value {
        let setting = Settings.all[keyPath: path]
        guard let text = text(of: setting.declaration) else { return setting.standard }
        do throws(SettingKind<Value>.Unreadable) { return try setting.kind.read(text) } catch {
            note(text, of: setting.declaration)
            return setting.standard
        }
    }

    package func isGiven<Value>(_ path: KeyPath<Settings, Setting<Value>>) -> Bool {
        text(of: Settings.all[keyPath: path].declaration) != nil
    }

    /// Notes what is wrong with what was read, or with two settings that do not go together.
    package mutating func fault(_ sentence: String) { faults.append(sentence) }

    /// Looks at every setting, also at those that this program does not read.
    package mutating func checkAll() {
        for declaration in Settings.declarations {
            guard let text = text(of: declaration), declaration.fault(text) != nil else { continue }
            note(text, of: declaration)
        }
    }

    /// - Throws: all that is wrong.
    package func check() throws(InvalidSettings) {
        if !faults.isEmpty { throw InvalidSettings(faults) }
    }

    private func text(of declaration: SettingDeclaration) -> String? {
        values.string(forKey: ConfigKey(declaration.name), isSecret: declaration.isConfidential)
    }

    private mutating func note(_ text: String, of declaration: SettingDeclaration) {
        guard let fault = declaration.fault(text) else { return }
        let shown = declaration.isConfidential ? "" : "\(text), "
        let sentence = "\(declaration.variable) is \(shown)\(fault)"
        if !faults.contains(sentence) { faults.append(sentence) }
    }

    /// Of variables that are for Footfall by their name, but for the tests' own.
    private static func unknown(in environment: [String: String]) -> [String] {
        let known = Set(Settings.declarations.map(\.variable))
        let others = ["FOOTFALL_TEST_", "FOOTFALL_TORTURE_"]
        return environment.keys.sorted().filter { name in
            name.hasPrefix(SettingDeclaration.prefix) && !known.contains(name)
                && !others.contains { name.hasPrefix($0) }
        }.map { "\($0) is no setting of this release" }
    }
}

extension [String: String] {
    /// An environment without the `FOOTFALL_…` variables that are empty: such a variable is as good as none.
    package var withoutEmptySettings: [String: String] {
        filter { !($0.value.isEmpty && $0.key.hasPrefix(SettingDeclaration.prefix)) }
    }
}
