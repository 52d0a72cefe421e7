import Foundation

/// Which tests are run: all, or what is quick (`tools/test --fast`).
package enum Tier {
    package static let isWhole = ProcessInfo.processInfo.environment["FOOTFALL_TEST_TIER"] != "fast"
}
