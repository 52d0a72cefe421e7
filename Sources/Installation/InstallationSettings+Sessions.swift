extension InstallationSettings {
    /// How many sessions with the database a process has at most.
    package struct Sessions: Sendable {
        /// `FOOTFALL_DATABASE_READERS`: those that requests read with, made when they are needed, and kept.
        package let readers: Int
        /// `FOOTFALL_DATABASE_SLOW_READERS`: those of reads that may take long.
        package let slowReaders: Int
        /// `FOOTFALL_DATABASE_WRITERS`: those that the log is appended with; more than two gain nothing.
        package let writers: Int

        init(_ reader: SettingsReader) throws(Invalid) {
            readers = try reader.integer("database.readers", in: 1...1000, default: 8)
            slowReaders = try reader.integer("database.slow.readers", in: 1...1000, default: 6)
            writers = try reader.integer("database.writers", in: 1...16, default: 2)
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
