import ArgumentParser

/// What was given for a setting by its flag.
package struct SettingFlag: Sendable {
    let name: String
    let text: String

    package init<Value>(_ path: KeyPath<Settings, Setting<Value>>, _ text: String) {
        self.init(name: Settings.all[keyPath: path].declaration.name, text: text)
    }

    fileprivate init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

extension Option where Value == SettingFlag? {
    /// The flag of a setting, with its sentence as help: `@Option(\.network.port) var port: SettingFlag?`
    package init<Read>(_ path: KeyPath<Settings, Setting<Read>>) {
        let declaration = Settings.all[keyPath: path].declaration
        guard let flag = declaration.flag else { preconditionFailure("\(declaration.variable) has no flag") }
        self.init(
            name: .customLong(flag), help: ArgumentHelp(declaration.help),
            transform: { SettingFlag(name: declaration.name, text: $0) })
    }
}

extension ParsableArguments {
    /// The settings among this command's options that were given, those of its option groups included.
    package var settingFlags: [SettingFlag] {
        Mirror(reflecting: self).children.flatMap { child -> [SettingFlag] in
            switch child.value {
            case let option as Option<SettingFlag?>: option.wrappedValue.map { [$0] } ?? []
            case let group as any FlagGroup: group.flags
            default: []
            }
        }
    }
}

private protocol FlagGroup {
    var flags: [SettingFlag] { get }
}

extension OptionGroup: FlagGroup {
    fileprivate var flags: [SettingFlag] { wrappedValue.settingFlags }
}
