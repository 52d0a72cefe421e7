/// Every setting that there is, in the groups of `docs/reference/configuration.md`.
package struct Settings: Sendable {
    package let database = DatabaseSettings()
    package let network = NetworkSettings()
    package let limits = LimitSettings()
    package let access = AccessSettings()
    package let secrets = SecretSettings()
    package let audit = AuditSettings()
    package let streams = StreamSettings()
    package let worker = WorkerSettings()
    package let traces = TraceSettings()
    package let process = ProcessSettings()

    package static let all = Settings()

    /// A group as it is shown.
    package struct Group: Sendable {
        package let title: String
        package let settings: [SettingDeclaration]
    }

    /// Found by reflection, so that none is forgotten.
    package static let groups: [Group] = Mirror(reflecting: all).children.compactMap { child in
        guard let group = child.value as? any SettingGroup else { return nil }
        return Group(
            title: group.title,
            settings: Mirror(reflecting: group).children.compactMap {
                ($0.value as? any DeclaredSetting)?.declaration
            })
    }

    package static let declarations = groups.flatMap(\.settings)
}

/// Settings that are shown under one title. Every stored property is one.
protocol SettingGroup: Sendable {
    var title: String { get }
}

private protocol DeclaredSetting {
    var declaration: SettingDeclaration { get }
}

extension Setting: DeclaredSetting {}
