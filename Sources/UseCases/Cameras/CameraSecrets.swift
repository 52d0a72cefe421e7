import Counting
import EventSourcing
import Secrets
import StreamPolicy

/// Takes secrets out of commands before they are decided, and gives them to those who open streams.
package struct CameraSecrets: Sendable {
    private let vault: CameraVault

    package init(vault: CameraVault) { self.vault = vault }

    /// The configuration with references in place of the secrets that it has in clear.
    ///
    /// - Parameter known: what the camera has now, where it is registered: what is the same there is not kept again, and
    ///   what an old event holds in clear is kept, so that a mask for it refers to it.
    func keep(
        _ configuration: CameraConfiguration, of id: CameraID, over known: CameraConfiguration? = nil
    ) async throws -> CameraConfiguration {
        var configuration = configuration
        let clear = [known?.address.credentials, known?.address.path].contains { $0?.clearText != nil }
        if clear, let address = known.flatMap({ configuration.address.unmasked(by: $0.address) }) {
            configuration.address = address
        }
        let members: [(Purpose, WritableKeyPath<CameraConfiguration, CameraSecret?>)] = [
            (.streamCredentials, \.address.credentials), (.streamPath, \.address.path),
            (.securityConfig, \.securityConfig),
        ]
        let given = members.compactMap { purpose, member in
            configuration[keyPath: member]?.clearText.map { (purpose: purpose, member: member, text: $0) }
        }
        if given.isEmpty { return configuration }
        let present = Set((known?.secrets ?? []).compactMap { $0.id?.text })
        let ids = try await vault.keep(given.map { ($0.purpose, $0.text) }, of: id.number, present: present)
        for (secret, id) in zip(given, ids) { configuration[keyPath: secret.member] = .kept(SecretID(id)) }
        return configuration
    }

    /// The only certificate that the camera may show, as its `security_config` names it; nil for any that is trusted.
    package func certificate(of configuration: CameraConfiguration, of id: CameraID) async throws
        -> CertificateFingerprint?
    {
        let text: String
        switch configuration.securityConfig {
        case nil, .masked: return nil
        case .clear(let clear): text = clear
        case .kept(let secret): text = try await vault.text(secret.text, of: id.number, for: .securityConfig)
        }
        return try JSON.parse(text)[CertificateFingerprint.member]?.string.flatMap { CertificateFingerprint($0) }
    }

    /// The stream's URL with its secrets: for who opens the stream, and for nobody else.
    package func url(of address: StreamAddress, of id: CameraID) async throws -> String {
        address.url(
            with: try await text(of: address.credentials, of: id, for: .streamCredentials),
            path: try await text(of: address.path, of: id, for: .streamPath))
    }

    private func text(of secret: CameraSecret?, of id: CameraID, for purpose: Purpose) async throws -> String? {
        switch secret {
        case nil, .masked: nil
        case .clear(let text): text
        case .kept(let secret): try await vault.text(secret.text, of: id.number, for: purpose)
        }
    }
}
