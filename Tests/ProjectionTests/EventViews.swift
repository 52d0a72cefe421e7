import Counting
import Installation
import Projector

@testable import generator

/// The typed views of events, found by their files.
enum EventViews {
    static func all() throws -> [String: EventView] {
        try ProjectionDefinition.eventViews(from: ReleaseFiles.locate().projections)
    }

    /// Of the view of a type, by the type's stored name.
    static func name(of type: String) -> String { EventType(rawValue: type).map(EventViewFile.name) ?? "" }
}
