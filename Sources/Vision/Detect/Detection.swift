/// An object found in one frame.
package struct Detection: Sendable, Hashable {
    package var box: Box
    package var objectClass: DetectedClass
    /// 0 to 1, the detector's own scale.
    package var confidence: Double

    package init(box: Box, objectClass: DetectedClass, confidence: Double) {
        self.box = box
        self.objectClass = objectClass
        self.confidence = confidence
    }
}

/// What an object is, by the name its detector gives it: "person", "car", or "object" where only motion is seen.
package struct DetectedClass: Sendable, Hashable, RawRepresentable, ExpressibleByStringLiteral {
    package var rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package init(stringLiteral value: String) {
        rawValue = value
    }

    package static let person: DetectedClass = "person"
    package static let object: DetectedClass = "object"

    /// Classes that detectors mix up from frame to frame on one and the same object share a group: a van is a
    /// car in one frame and a truck in the next. Such an object is one track, and its class goes by majority.
    package var group: String {
        switch rawValue {
        case "car", "bus", "truck", "train": "vehicle"
        case "bicycle", "motorbike", "motorcycle": "cycle"
        default: rawValue
        }
    }
}
