import ArgumentParser
import Installation

/// How requests prove who sends them. A secret has no flag: command lines can be read by anyone on the machine.
struct AuthenticationOptions: ParsableArguments {
    @Option(help: "on, or off where the API is reached from this machine alone (FOOTFALL_AUTH, on).")
    var auth: String?

    @Option(help: "The file or address of the key set (JWKS) by which tokens are verified (FOOTFALL_AUTH_JWKS).")
    var authJwks: String?

    @Option(
        help: "The address of an identity service's verify, which is asked about tokens (FOOTFALL_AUTH_VERIFY_URL).")
    var authVerifyURL: String?

    @Option(help: "What a token's iss must be (FOOTFALL_AUTH_ISSUER).")
    var authIssuer: String?

    @Option(help: "What must be in a token's aud (FOOTFALL_AUTH_AUDIENCE).")
    var authAudience: String?

    func add(to flags: inout InstallationSettings.Flags) {
        flags.auth = auth
        flags.authKeySet = authJwks
        flags.authVerifyURL = authVerifyURL
        flags.authIssuer = authIssuer
        flags.authAudience = authAudience
    }
}
