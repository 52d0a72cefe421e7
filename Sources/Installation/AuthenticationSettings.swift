import Foundation

/// How requests prove who sends them.
package struct AuthenticationSettings: Sendable {
    /// Who vouches for tokens that the installation has not signed itself.
    package enum Authority: Sendable {
        /// The file or the address (http, https) of a JWK set.
        case keySet(URL)
        /// A secret of 32 bytes at least, shared with whoever signs.
        case secret(String)
        /// The address of an identity service's `verify`.
        case service(URL)

        /// Whether it is asked over a network on whose way anybody may read tokens, or put keys of their own in place of
        /// the issuer's.
        package var isExposed: Bool {
            switch self {
            case .keySet(let url), .service(let url):
                url.scheme == "http" && !Loopback.isNamed(by: url.host ?? "")
            case .secret: false
            }
        }
    }

    /// `FOOTFALL_AUTH`: on or off.
    package let isOn: Bool
    /// `FOOTFALL_AUTH_JWKS`, `FOOTFALL_AUTH_SECRET` or `FOOTFALL_AUTH_SECRET_FILE`, `FOOTFALL_AUTH_VERIFY_URL`: one of
    /// them, or none.
    package let authority: Authority?
    /// Whether tokens are signed by a secret, and not by the installation's own key.
    package var hasSecret: Bool {
        if case .secret? = authority { true } else { false }
    }

    /// `FOOTFALL_AUTH_ISSUER`: what the claim `iss` must be.
    package let issuer: String?
    /// `FOOTFALL_AUTH_AUDIENCE`: what must be in the claim `aud`.
    package let audience: String?

    static let minimumSecretBytes = 32

    init(_ reader: SettingsReader) throws(InstallationSettings.Invalid) {
        switch reader.text("auth") ?? "on" {
        case "on": isOn = true
        case "off": isOn = false
        case let other: throw .init("FOOTFALL_AUTH is \(other); it may be on or off")
        }
        issuer = reader.text("auth.issuer")
        audience = reader.text("auth.audience")
        let authorities: [Authority] = try [
            Self.keySet(reader), Self.secret(reader), Self.secretFile(reader), Self.service(reader),
        ].compactMap(\.self)
        guard authorities.count < 2 else {
            throw .init(
                "FOOTFALL_AUTH_JWKS, FOOTFALL_AUTH_SECRET, FOOTFALL_AUTH_SECRET_FILE and FOOTFALL_AUTH_VERIFY_URL "
                    + "exclude one another")
        }
        authority = authorities.first
        if authority?.isExposed == true, try !Self.allowsPlainHTTP(reader) {
            throw .init(
                "FOOTFALL_AUTH_JWKS or FOOTFALL_AUTH_VERIFY_URL is a plain http:// address of another machine: whoever "
                    + "is on the way could read tokens, or have their own accepted. Use https://, or set "
                    + "FOOTFALL_AUTH_PLAIN_HTTP=on where that network is to be trusted")
        }
    }

    private static func allowsPlainHTTP(_ reader: SettingsReader) throws(InstallationSettings.Invalid) -> Bool {
        switch reader.text("auth.plain.http") ?? "off" {
        case "on": return true
        case "off": return false
        case let other: throw .init("FOOTFALL_AUTH_PLAIN_HTTP is \(other); it may be on or off")
        }
    }

    private static func keySet(_ reader: SettingsReader) throws(InstallationSettings.Invalid) -> Authority? {
        guard let text = reader.text("auth.jwks") else { return nil }
        if let url = address(text) { return .keySet(url) }
        guard FileManager.default.fileExists(atPath: text) else {
            throw .init("FOOTFALL_AUTH_JWKS is \(text), which is neither a file nor an address (https://…)")
        }
        return .keySet(URL(filePath: text))
    }

    private static func secret(_ reader: SettingsReader) throws(InstallationSettings.Invalid) -> Authority? {
        guard let text = reader.text("auth.secret") else { return nil }
        return .secret(try long(text, from: "FOOTFALL_AUTH_SECRET"))
    }

    private static func secretFile(_ reader: SettingsReader) throws(InstallationSettings.Invalid) -> Authority? {
        guard let path = reader.text("auth.secret.file") else { return nil }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {  // the path says enough
            throw .init("the file \(path) (FOOTFALL_AUTH_SECRET_FILE) cannot be read")
        }
        return .secret(try long(text.trimmingCharacters(in: .newlines), from: "the secret in \(path)"))
    }

    private static func long(_ secret: String, from place: String) throws(InstallationSettings.Invalid) -> String {
        guard secret.utf8.count >= minimumSecretBytes else {
            throw .init("\(place) has \(secret.utf8.count) bytes; it must have \(minimumSecretBytes) at least")
        }
        return secret
    }

    private static func service(_ reader: SettingsReader) throws(InstallationSettings.Invalid) -> Authority? {
        guard let text = reader.text("auth.verify.url") else { return nil }
        guard let url = address(text) else {
            throw .init("FOOTFALL_AUTH_VERIFY_URL is \(text), not an address (https://…)")
        }
        return .service(url)
    }

    private static func address(_ text: String) -> URL? {
        guard let url = URL(string: text), ["http", "https"].contains(url.scheme), url.host?.isEmpty == false else {
            return nil
        }
        return url
    }
}
