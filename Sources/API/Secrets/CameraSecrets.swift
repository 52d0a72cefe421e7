import Counting
import EventSourcing
import Secrets
import StreamPolicy

/// Takes secrets out of commands before they are decided, and gives them to those who open streams.
struct CameraSecrets: Sendable {
    let vault: CameraVault

    /// The configuration with references in place of the secrets that it has in clear.
    ///
    /// - Parameter known: what the camera has now, where it is registered: what is the same there is not kept again, and
    ///   credentials that an old event holds in clear are kept, so that a mask for them refers to them.
    func keep(
        _ configuration: CameraConfiguration, of id: CameraID, over known: CameraConfiguration? = nil
    ) async throws -> CameraConfiguration {
        var configuration = configuration
        if configuration.address.credentials == .masked, let known, known.address.credentials?.clearText != nil,
            configuration.address.keepsSecrets(of: known.address)
        {
            configuration.address = configuration.address.with(known.address.credentials)
        }
        let credentials = configuration.address.credentials?.clearText
        let securityConfig = configuration.securityConfig?.clearText
        var texts: [(purpose: Purpose, text: String)] = []
        if let credentials { texts.append((.streamCredentials, credentials)) }
        if let securityConfig { texts.append((.securityConfig, securityConfig)) }
        if texts.isEmpty { return configuration }
        let present = Set((known?.secrets ?? []).compactMap { $0.id?.text })
        var ids = try await vault.keep(texts, of: id.number, present: present)[...]
        if credentials != nil {
            configuration.address = configuration.address.with(ids.popFirst().map { .kept(SecretID($0)) })
        }
        if securityConfig != nil { configuration.securityConfig = ids.popFirst().map { .kept(SecretID($0)) } }
        return configuration
    }

    /// The only certificate that the camera may show, as its `security_config` names it; nil for any that is trusted.
    func certificate(of configuration: CameraConfiguration, of id: CameraID) async throws -> CertificateFingerprint? {
        let text: String
        switch configuration.securityConfig {
        case nil, .masked: return nil
        case .clear(let clear): text = clear
        case .kept(let secret): text = try await vault.text(secret.text, of: id.number, for: .securityConfig)
        }
        return try JSON.parse(text)[CertificateFingerprint.member]?.string.flatMap { CertificateFingerprint($0) }
    }

    /// The stream's URL with its credentials: for who opens the stream, and for nobody else.
    func url(of address: StreamAddress, of id: CameraID) async throws -> String {
        switch address.credentials {
        case nil, .masked: address.url
        case .clear(let text): address.url(with: text)
        case .kept(let secret):
            address.url(with: try await vault.text(secret.text, of: id.number, for: .streamCredentials))
        }
    }
}
