import Counting

/// A correction as somebody asks for it, before it is allotted to quarter hours.
package struct CorrectionDraft: Hashable, Sendable {
    package let range: QuarterHours
    /// nil: the camera's only line, else the whole picture.
    package let line: LineName?
    package let objectClass: ObjectClass
    package let delta: CountDelta
    package let reason: Reason

    package init(range: QuarterHours, line: LineName?, objectClass: ObjectClass, delta: CountDelta, reason: Reason) {
        self.range = range
        self.line = line
        self.objectClass = objectClass
        self.delta = delta
        self.reason = reason
    }
}
