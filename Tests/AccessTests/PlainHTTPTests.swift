import Installation
import Settings
import Testing

/// Addresses at which tokens are verified, as they are configured.
@Suite struct PlainHTTPTests {
    private static let variables = ["FOOTFALL_AUTH_JWKS", "FOOTFALL_AUTH_VERIFY_URL"]

    private func settings(_ variable: String, _ url: String, _ more: [String: String] = [:]) throws
        -> InstallationSettings
    {
        try InstallationSettings(environment: more.merging([variable: url, "FOOTFALL_DATA_DIR": "/x"]) { $1 })
    }

    @Test(
        arguments: variables,
        [
            "http://idp.example/verify", "http://10.0.0.7:8000/verify", "http://[fd00::1]/verify",
            "HTTP://idp.example/",
            "http://localhost.idp.example/", "http://127.0.0.1.idp.example/", "http://127.0.0.1@idp.example/",
            "http://0.0.0.0/", "http://128.0.0.1/",
        ])
    func otherMachinesAreNotAskedInClear(_ variable: String, _ url: String) throws {
        #expect(throws: InvalidSettings.self) { try settings(variable, url) }
    }

    @Test(
        arguments: variables,
        [
            "https://idp.example/verify", "http://127.0.0.1:8000/verify", "http://127.8.0.1/",
            "http://localhost/verify",
            "http://[::1]:8000/verify",
        ])
    func theyAreAskedInTLSAndThisMachineAsItLikes(_ variable: String, _ url: String) throws {
        #expect(try settings(variable, url).authentication.authority?.isExposed == false)
    }

    @Test(arguments: variables) func whoTrustsTheNetworkSaysSo(_ variable: String) throws {
        let url = "http://idp.internal/verify"
        let allowed = try settings(variable, url, ["FOOTFALL_AUTH_PLAIN_HTTP": "on"])
        #expect(allowed.authentication.authority?.isExposed == true)
        for value in ["off", "yes", ""] {
            let error = #expect(throws: InvalidSettings.self) {
                try settings(variable, url, ["FOOTFALL_AUTH_PLAIN_HTTP": value])
            }
            #expect(error?.description.contains("FOOTFALL_AUTH_PLAIN_HTTP") == true)
        }
    }
}
