import Settings
import TestSupport
import Testing

@Suite struct ConfigurationReferenceTests {
    @Test func thePageSaysWhatIsDeclared() throws {
        #expect(try ReferencePage.holds("configuration.md", page), "run tools/generate")
    }

    private var page: String {
        """
        # Configuration

        \(ReferencePage.notice)

        Flags, then the environment, then defaults. A variable that is empty is as good as none. When a program starts, all
        that is wrong is said at once, each time with the variable; a `FOOTFALL_…` variable that is no setting is named, too.
        (Kubernetes sets such variables for a service of the name `footfall`; `enableServiceLinks: false` keeps them away.)

        """ + Settings.groups.map(section).joined()
    }

    private func section(_ group: Settings.Group) -> String {
        let head = [
            "", "## \(group.title)", "", "| variable | flag | value | default | what |",
            "| --- | --- | --- | --- | --- |",
        ]
        return (head + group.settings.map(row)).joined(separator: "\n") + "\n"
    }

    private func row(_ setting: SettingDeclaration) -> String {
        let standard = setting.standard.map { $0.contains("`") ? $0 : "`\($0)`" } ?? ""
        let cells = [
            "`\(setting.variable)`", setting.flag.map { "`--\($0)`" } ?? "", setting.words, standard, setting.sentence,
        ]
        return "|" + cells.map { $0.isEmpty ? " |" : " \($0.replacing("|", with: "\\|")) |" }.joined()
    }
}
