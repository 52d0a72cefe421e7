extension Verifier {
    /// A type of event in one schema version.
    package struct Kind: Hashable, Sendable {
        package let type: String
        package let schemaVersion: Int16

        /// The events of a kind that the log holds.
        package struct Events: Hashable, Sendable {
            package let firstPosition: Int64
            /// Of the first one.
            package let stream: String
            package var count: Int64 = 0
        }
    }
}
