import Foundation
import Settings

/// How requests prove who sends them.
package struct AuthenticationSettings: Sendable {
    /// What verifies tokens that the installation has not signed itself.
    package enum Authority: Sendable {
        /// The file or the address (http, https) of a JWK set.
        case keySet(URL)
        /// A secret of 32 bytes at least, shared with the signer.
        case secret(String)
        /// The address of an identity service's `verify`.
        case service(URL)

        /// Whether it is asked over a network on whose way anybody may read tokens, or put keys of their own in place
        /// of the issuer's.
        package var isExposed: Bool {
            switch self {
            case .keySet(let url), .service(let url):
                url.scheme == "http" && !Loopback.isNamed(by: url.host ?? "")
            case .secret: false
            }
        }
    }

    package let isOn: Bool
    /// `FOOTFALL_AUTH_JWKS`, `FOOTFALL_AUTH_SECRET` or `FOOTFALL_AUTH_SECRET_FILE`, `FOOTFALL_AUTH_VERIFY_URL`: one of
    /// them, or none.
    package let authority: Authority?
    /// Whether tokens are signed by a secret, and not by the installation's own key.
    package var hasSecret: Bool {
        if case .secret? = authority { true } else { false }
    }

    /// What the claim `iss` must be.
    package let issuer: String?
    /// What must be in the claim `aud`.
    package let audience: String?

    static let minimumSecretBytes = 32

    init(_ reader: inout SettingReader) {
        isOn = reader.value(\.access.isOn)
        issuer = reader.value(\.access.issuer)
        audience = reader.value(\.access.audience)
        let authorities: [Authority] = [
            Self.keySet(&reader), Self.secret(&reader), Self.secretFile(&reader), Self.service(&reader),
        ].compactMap(\.self)
        if authorities.count > 1 {
            reader.fault(
                "FOOTFALL_AUTH_JWKS, FOOTFALL_AUTH_SECRET, FOOTFALL_AUTH_SECRET_FILE and FOOTFALL_AUTH_VERIFY_URL "
                    + "exclude one another")
        }
        authority = authorities.first
        let allowsPlainHTTP = reader.value(\.access.plainHTTP)
        if authorities.contains(where: \.isExposed), !allowsPlainHTTP {
            reader.fault(
                "FOOTFALL_AUTH_JWKS or FOOTFALL_AUTH_VERIFY_URL is a plain http:// address of another machine: anyone who "
                    + "is on the way could read tokens, or have their own accepted. Use https://, or set "
                    + "FOOTFALL_AUTH_PLAIN_HTTP=on where that network is to be trusted")
        }
    }

    private static func keySet(_ reader: inout SettingReader) -> Authority? {
        guard let text = reader.value(\.access.keySet) else { return nil }
        if let url = address(text) { return .keySet(url) }
        if !FileManager.default.fileExists(atPath: text) {
            reader.fault("FOOTFALL_AUTH_JWKS is \(text), which is neither a file nor an address (https://…)")
        }
        return .keySet(URL(filePath: text))
    }

    private static func secret(_ reader: inout SettingReader) -> Authority? {
        guard let text = reader.value(\.access.secret) else { return nil }
        return long(text, from: "FOOTFALL_AUTH_SECRET", &reader)
    }

    private static func secretFile(_ reader: inout SettingReader) -> Authority? {
        guard let path = reader.value(\.access.secretFile) else { return nil }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {  // the path says enough
            reader.fault("the file \(path) (FOOTFALL_AUTH_SECRET_FILE) cannot be read")
            return nil
        }
        return long(
            text.trimmingCharacters(in: .newlines), from: "the secret in \(path) (FOOTFALL_AUTH_SECRET_FILE)", &reader)
    }

    private static func long(_ secret: String, from place: String, _ reader: inout SettingReader) -> Authority? {
        if secret.utf8.count < minimumSecretBytes {
            reader.fault("\(place) has \(secret.utf8.count) bytes; it must have \(minimumSecretBytes) at least")
        }
        return .secret(secret)
    }

    private static func service(_ reader: inout SettingReader) -> Authority? {
        guard let text = reader.value(\.access.verifyURL) else { return nil }
        guard let url = address(text) else {
            reader.fault("FOOTFALL_AUTH_VERIFY_URL is \(text), not an address (https://…)")
            return nil
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
