import Access
import Testing

@Suite struct RoleTests {
    @Test func eachRoleMayWhatItsNameSays() {
        #expect(Role.viewer.permissions == [.read])
        #expect(Role.operator.permissions == [.read, .write, .control])
        #expect(Role.admin.permissions == Set(Permission.allCases).subtracting([.report]))
        #expect(Role.worker.permissions == [.read, .report])
    }
}
