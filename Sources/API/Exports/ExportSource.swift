/// Where an export's text comes from, piece by piece.
protocol ExportSource: Sendable {
    /// What comes before the first row.
    var header: String { get }

    /// Gives out the rows; `write` waits for the reader.
    func rows(_ write: ([UInt8]) async throws -> Void) async throws
}
