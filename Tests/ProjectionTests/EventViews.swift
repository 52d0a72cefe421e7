import Counting
import EventSourcing
import Foundation
import Installation
import Projector
import TestSupport

/// The typed views of events, found by their files, and the event types that they should be of.
enum EventViews {
    static func all() throws -> [String: EventView] {
        try ProjectionDefinition.eventViews(from: ReleaseFiles.locate().projections)
    }

    /// `CameraRegistered` → `camera_registered`.
    static func name(of type: String) -> String {
        type.reduce(into: "") { name, letter in
            if letter.isUppercase, !name.isEmpty { name += "_" }
            name += letter.lowercased()
        }
    }

    /// The stored names of event types in the domain's sources: its only literals in this style.
    static func typesInTheDomain() throws -> Set<String> {
        let folder = try ReleaseFiles.locate().root.appending(path: "Sources/Counting")
        guard let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else { return [] }
        var types: Set<String> = []
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            types.formUnion(text.matches(of: /"((?:[A-Z][a-z]+){2,})"/).map { String($0.1) })
        }
        return types
    }

    /// The event as the domain would write it today, whatever the version that it was written in.
    static func today(_ event: RecordedEvent) throws -> NewEvent {
        switch event.type {
        case Heartbeat.eventType: try Heartbeat(event).event
        case CountReading.eventType: try CountReading(event).event
        case CountCorrection.eventType: try CountCorrection(event).event
        case StreamProbe.eventType: try StreamProbe(event).event
        case OccupancyReset.eventType: try OccupancyReset(event).event
        case ProjectionEventSkipped.eventType: try ProjectionEventSkipped(event).event
        case TokensRevoked.eventType: try TokensRevoked(event).event
        default: Camera.encode(try Camera.decode(event))
        }
    }
}
