extension [String: String] {
    /// An environment without the `FOOTFALL_…` variables that are empty: such a variable is as good as none.
    package var withoutEmptySettings: [String: String] {
        filter { !($0.value.isEmpty && $0.key.hasPrefix("FOOTFALL_")) }
    }
}
