import Configuration

/// Reads settings by their keys and says which variable is wrong where one is: `max.connections` is
/// `FOOTFALL_MAX_CONNECTIONS`.
struct SettingsReader {
    let values: ConfigReader

    func text(_ key: String) -> String? { values.string(forKey: ConfigKey(key)) }

    /// The parts between commas, without the blanks around them.
    func list(_ key: String) -> [String] {
        (text(key) ?? "").split(separator: ",").map { String($0.trimmingPrefix(while: \.isWhitespace)) }
            .map { String($0.reversed().trimmingPrefix(while: \.isWhitespace).reversed()) }.filter { !$0.isEmpty }
    }

    func integer(
        _ key: String, in bounds: ClosedRange<Int>, default standard: Int
    ) throws(InstallationSettings.Invalid) -> Int {
        guard let text = text(key) else { return standard }
        guard let value = Int(text), bounds.contains(value) else {
            throw InstallationSettings.Invalid(
                "\(Self.variable(key)) is \(text), not a number from \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return value
    }

    /// - Parameter key: of a number of seconds, which may have a fraction.
    func seconds(_ key: String, default standard: Duration) throws(InstallationSettings.Invalid) -> Duration {
        try seconds(key) ?? standard
    }

    /// As `seconds(_:default:)`; nil where it is not given.
    func seconds(_ key: String) throws(InstallationSettings.Invalid) -> Duration? {
        guard let text = text(key) else { return nil }
        guard let value = Double(text), value > 0, value <= 86_400 else {
            throw InstallationSettings.Invalid(
                "\(Self.variable(key)) is \(text), not a number of seconds above 0, up to a day")
        }
        return .milliseconds(Int64((value * 1000).rounded(.up)))
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default standard: Choice
    ) throws(InstallationSettings.Invalid) -> Choice where Choice.RawValue == String {
        guard let text = text(key) else { return standard }
        guard let choice = Choice(rawValue: text) else {
            let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw InstallationSettings.Invalid("\(Self.variable(key)) is \(text); it may be \(names)")
        }
        return choice
    }

    /// The variable of the environment that stands behind a key.
    static func variable(_ key: String) -> String {
        "FOOTFALL_" + key.uppercased().replacing(".", with: "_")
    }
}
