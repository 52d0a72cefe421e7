import Foundation
import Testing

/// A folder that is removed when the test lets go of it.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("vision-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        // Nothing can be done about a folder that will not go.
        try? FileManager.default.removeItem(at: url)
    }

    func path(_ name: String) -> String {
        url.appendingPathComponent(name).path
    }
}

/// Models and clips that are not part of the project. Tests that need them are skipped where they are missing.
enum TestFiles {
    static let bodyModel = file("yolo-fastest-1.1_body.weights", in: "FOOTFALL_TEST_MODELS", else: "../shared/models")
    static let cocoModel = file("yolo-fastest-1.1-xl.weights", in: "FOOTFALL_TEST_MODELS", else: "../shared/models")
    static let cars = file("car-detection.mp4", in: "FOOTFALL_TEST_CLIPS", else: "../shared/clips")

    static let people: String? = {
        let given = ProcessInfo.processInfo.environment["FOOTFALL_TEST_VTEST"]
        let path = given ?? packageRoot.appendingPathComponent(".cache/opencv-doc/vtest.avi").path
        return FileManager.default.isReadableFile(atPath: path) ? path : nil
    }()

    private static let packageRoot = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static func file(_ name: String, in variable: String, else folder: String) -> String? {
        let base =
            ProcessInfo.processInfo.environment[variable].map { URL(fileURLWithPath: $0) }
            ?? packageRoot.appendingPathComponent(folder)
        let path = base.appendingPathComponent(name).standardizedFileURL.path
        return FileManager.default.isReadableFile(atPath: path) ? path : nil
    }
}
