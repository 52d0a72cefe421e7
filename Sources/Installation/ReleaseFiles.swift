import Foundation
import Settings

/// The files that belong to a release beside its binaries: migrations, projections and the API's documentation.
package struct ReleaseFiles: Sendable {
    package struct Missing: Error, CustomStringConvertible {
        package let searched: [String]

        package var description: String {
            "found no folder that holds Migrations and projections; searched \(searched.joined(separator: ", ")). "
                + "Set FOOTFALL_SHARE to the folder that does."
        }
    }

    package let root: URL

    package var migrations: URL { root.appending(path: "Migrations") }
    package var projections: URL { root.appending(path: "projections") }
    /// The fragments of the OpenAPI document.
    package var openAPI: URL { root.appending(path: "openapi") }
    /// Where tools/setup puts the pages that the document is browsed with; they may be absent.
    package var swaggerUI: URL { root.appending(path: ".cache/swagger-ui") }

    /// Looks where `FOOTFALL_SHARE` says; else beside and above the running binary, wherever it was started from, and in
    /// `share/footfall` there; else in the source tree that the binary was built from.
    package static func locate(
        environment: [String: String] = ProcessInfo.processInfo.environment, executable: URL? = runningExecutable
    ) throws(Missing) -> ReleaseFiles {
        var candidates: [URL] = []
        var reader = SettingReader(environment: environment)
        if let path = reader.value(\.process.share) {
            candidates = [URL(filePath: path)]
        } else {
            var folder = executable?.deletingLastPathComponent()
            while let current = folder, current.path != "/" {
                candidates += [current, current.appending(path: "share/footfall")]
                folder = current.deletingLastPathComponent()
            }
            candidates.append(
                URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                    .deletingLastPathComponent())
        }
        for candidate in candidates where isRelease(candidate) { return ReleaseFiles(root: candidate) }
        throw Missing(searched: candidates.map(\.path))
    }

    /// The binary of this process, links resolved.
    package static var runningExecutable: URL? {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map { URL(filePath: $0) }
    }

    private static func isRelease(_ folder: URL) -> Bool {
        ["Migrations/0001_event_log.sql", "projections"].allSatisfy {
            FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
        }
    }
}
