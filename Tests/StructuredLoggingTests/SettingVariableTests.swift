import StructuredLogging
import Testing

@Suite struct SettingVariableTests {
    @Test func emptyVariablesOfFootfallAreAsGoodAsNone() {
        let environment = ["FOOTFALL_MODEL": "", "FOOTFALL_AUTH": "off", "HOME": "", "PATH": "/bin"]
        #expect(environment.withoutEmptySettings == ["FOOTFALL_AUTH": "off", "HOME": "", "PATH": "/bin"])
    }
}
