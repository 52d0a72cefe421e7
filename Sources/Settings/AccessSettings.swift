/// How requests prove who sends them.
package struct AccessSettings: SettingGroup {
    var title: String { "Access" }

    package let isOn = Setting(
        "auth", .onOrOff, default: true, flag: .standard,
        "Whether requests need a token; `off` asks nothing of them, and goes with a loopback address only")
    package let keySet = Setting(
        "auth.jwks", .text("a file, or an address (https://…)"), flag: .standard,
        "The file or address of the key set (JWKS) by which tokens are verified")
    package let secret = Setting(
        "auth.secret", .text("32 bytes or more"), confidential: true,
        "A secret by which tokens are verified (HS256)")
    package let secretFile = Setting(
        "auth.secret.file", .text("a file"), confidential: true, "A file with that secret")
    package let verifyURL = Setting(
        "auth.verify.url", .text("an address (https://…)"), flag: .standard,
        "The address at which an identity service is asked about tokens (its verify)")
    package let plainHTTP = Setting(
        "auth.plain.http", .onOrOff, default: false,
        "Whether the addresses of key set and identity service may be plain `http://` ones of other machines")
    package let issuer = Setting(
        "auth.issuer", .text("a text"), flag: .standard, "What a token's `iss` must be; without it, anything")
    package let audience = Setting(
        "auth.audience", .text("a text"), flag: .standard, "What must be in a token's `aud`; without it, anything")
}

/// The keys that cameras' secrets are encrypted under. Never a flag, which others see.
package struct SecretSettings: SettingGroup {
    var title: String { "Secrets" }

    package let masterKeyFile = Setting(
        "master.key.file", .text("a file"),
        otherwise: "`master.key` in the data directory, with the embedded database only", flag: .standard,
        confidential: true,
        """
        The file with the master keys that cameras' secrets are encrypted under, one a line, the newest first. Made with \
        `(umask 077; head -c 32 /dev/urandom | base64 > FILE)`
        """)
    package let masterKey = Setting(
        "master.key", .text("keys in base64, between commas"), confidential: true,
        "The master keys themselves, the newest first")
}

/// How the log is sealed, so that nobody can change it unnoticed.
package struct AuditSettings: SettingGroup {
    var title: String { "Audit trail" }

    package let keyFile = Setting(
        "audit.key.file", .text("a file"),
        otherwise: "`checkpoint-keys` in the data directory, made at the first start, with the embedded database only",
        confidential: true,
        "The file with the keys that checkpoints of the log are signed by, one a line, all of one name")
    package let sealWithin = Setting(
        "audit.seal.within", .seconds, default: .seconds(5),
        "In how long an event is sealed after it was recorded, beside the time that sealing takes")
}
