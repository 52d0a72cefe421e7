/// Why a value breaks a rule of the domain, as a sentence for the person who gave it.
package struct InvalidValue: Error, Hashable, CustomStringConvertible {
    /// Stable names, for programs.
    package enum Code: String, Sendable {
        case tooShort = "too_short"
        case tooLong = "too_long"
        case tooMany = "too_many"
        case tooLarge = "too_large"
        case outOfRange = "out_of_range"
        case invalidCharacter = "invalid_character"
        case unknownValue = "unknown_value"
        case malformed
        case schemeMismatch = "scheme_mismatch"
        case missingHost = "missing_host"
        case pathNotAbsolute = "path_not_absolute"
        case maskedCredentials = "masked_credentials"
        case maskedSecurityConfig = "masked_security_config"
        case duplicateName = "duplicate_name"
        case duplicate
        case lineWithoutLength = "line_without_length"
        case insideOnLine = "inside_on_line"
        case inFuture = "in_future"
        case unknownLine = "unknown_line"
        case beforeRegistration = "before_registration"
    }

    package let code: Code
    package let sentence: String

    package init(_ code: Code, _ sentence: String) {
        self.code = code
        self.sentence = sentence
    }

    package var description: String { sentence }
}
