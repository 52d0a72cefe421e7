/// A setting, declared once: its variable, its flag, what may be written, its default and a sentence about it. Flags, the
/// environment, `--help`, the check at the start and `docs/reference/configuration.md` come from here.
package struct Setting<Value: Sendable>: Sendable {
    package let declaration: SettingDeclaration
    let kind: SettingKind<Value>
    let standard: Value

    /// - Parameters:
    ///   - name: in words with dots between them: `database.url` is `FOOTFALL_DATABASE_URL` and `--database-url`.
    ///   - sentence: what it says, without a period, in Markdown.
    package init(
        _ name: String, _ kind: SettingKind<Value>, default standard: Value, flag: SettingDeclaration.Flag = .none,
        confidential: Bool = false, _ sentence: String
    ) {
        self.kind = kind
        self.standard = standard
        let text = kind.text(standard)
        declaration = SettingDeclaration(
            name: name, words: kind.words, standard: text.isEmpty ? nil : text, flag: flag,
            isConfidential: confidential,
            sentence: sentence, fault: { kind.fault(in: $0) })
    }

    /// One that may be absent.
    /// - Parameter standard: what is done then, in words; nil where the sentence says so.
    package init<Given>(
        _ name: String, _ kind: SettingKind<Given>, otherwise standard: String? = nil,
        flag: SettingDeclaration.Flag = .none, confidential: Bool = false, _ sentence: String
    ) where Value == Given? {
        self.kind = SettingKind(
            kind.words,
            read: { (text: String) throws(SettingKind<Given?>.Unreadable) -> Given? in
                do throws(SettingKind<Given>.Unreadable) { return try kind.read(text) } catch {
                    throw .init(error.reason)
                }
            }, text: { $0.map(kind.text) ?? "" })
        self.standard = nil
        declaration = SettingDeclaration(
            name: name, words: kind.words, standard: standard, flag: flag, isConfidential: confidential,
            sentence: sentence, fault: { kind.fault(in: $0) })
    }
}

/// What is the same of settings of every type.
package struct SettingDeclaration: Sendable {
    package enum Flag: Sendable {
        case none
        /// Named as the setting.
        case standard
        case named(String)
    }

    package let name: String
    /// What may be written, in words.
    package let words: String
    /// Nil where there is none, or the sentence names it.
    package let standard: String?
    /// Without its hyphens; nil where there is none.
    package let flag: String?
    /// Whether it is a secret or says where one lies, so that programs that decode streams are started without it.
    package let isConfidential: Bool
    package let sentence: String
    /// What is wrong with a text; nil where nothing is.
    let fault: @Sendable (String) -> String?

    static let prefix = "FOOTFALL_"

    package var variable: String { Self.prefix + name.uppercased().replacing(".", with: "_") }

    /// For `--help`: the sentence, with the variable that stands behind the flag.
    package var help: String {
        let standard = standard.map { ", \($0)" } ?? ""
        return "\(sentence) (\(variable)\(standard)).".replacing("`", with: "")
    }

    init(
        name: String, words: String, standard: String?, flag: Flag, isConfidential: Bool, sentence: String,
        fault: @escaping @Sendable (String) -> String?
    ) {
        self.name = name
        self.words = words
        self.standard = standard
        self.flag =
            switch flag {
            case .none: nil
            case .standard: name.replacing(".", with: "-")
            case .named(let flag): flag
            }
        self.isConfidential = isConfidential
        self.sentence = sentence
        self.fault = fault
    }
}
