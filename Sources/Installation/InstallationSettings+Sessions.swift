import Settings

extension InstallationSettings {
    /// How many sessions with the database a process has at most.
    package struct Sessions: Sendable {
        /// Those that requests read with, made when they are needed, and kept.
        package let readers: Int
        /// Those of reads that may take long.
        package let slowReaders: Int
        /// Those that the log is appended with.
        package let writers: Int

        init(_ reader: inout SettingReader) {
            readers = reader.value(\.database.readers)
            slowReaders = reader.value(\.database.slowReaders)
            writers = reader.value(\.database.writers)
        }

        /// Those of the parts that every server has: the listener, the shares of projections, their gauges, the checks of
        /// read models, the gauges of reactions, the cameras' monitor and the sealer.
        private static let services = 7
        /// Of each projection (a reaction has one): one that applies it, and one that looks after its builds.
        private static let perProjection = 2

        /// All that a server has when every reader and writer is in use. Fewer where other processes apply some of the
        /// projections; one more for each projection that has stopped at an event.
        package func most(projections: Int, reactions: Int) -> Int {
            readers + slowReaders + writers + Self.services + Self.perProjection * projections + reactions
        }
    }
}
