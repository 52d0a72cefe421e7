import Counting
import EventSourcing

/// The body that corrects a count.
struct CountCorrectionForm {
    let range: QuarterHours
    /// nil where it is left out, and, once it was settled, for the whole picture.
    private(set) var line: LineName?
    let objectClass: ObjectClass
    let delta: CountDelta
    let reason: Reason

    /// - Parameter now: the server's clock.
    init(_ json: JSON, now: Timestamp) throws(Problem) {
        self = try Form.read(json) { form in
            let from = form.required("from", .instant { $0 })
            let to = form.required("to", .instant { $0 })
            let range = form.make(at: "from") { try QuarterHours(from: from.get(), to: to.get()) }
            let past = form.make(at: "to") {
                guard try range.get().to <= now.endOfQuarterHour else {
                    throw InvalidValue(.inFuture, "What is corrected has been counted: to is in the future.")
                }
            }
            let line = form.optional("line", .text(LineName.self))
            let objectClass = form.optional("class", .text(ObjectClass.self))
            let deltaIn = form.optional("delta_in", .integer { $0 })
            let deltaOut = form.optional("delta_out", .integer { $0 })
            let delta = form.make(at: "delta_in") {
                try CountDelta(in: deltaIn.get() ?? 0, out: deltaOut.get() ?? 0)
            }
            let reason = form.required("reason", .text(Reason.self))
            return form.make {
                try past.get()
                return CountCorrectionForm(
                    range: try range.get(), line: try line.get(),
                    objectClass: try objectClass.get() ?? CountReading.defaultClass,
                    delta: try delta.get(), reason: try reason.get())
            }
        }
    }

    /// The same about the line that is meant where none is named.
    func settled(for camera: Camera) -> CountCorrectionForm {
        var form = self
        form.line = line ?? camera.defaultLine
        return form
    }

    private init(range: QuarterHours, line: LineName?, objectClass: ObjectClass, delta: CountDelta, reason: Reason) {
        self.range = range
        self.line = line
        self.objectClass = objectClass
        self.delta = delta
        self.reason = reason
    }

    /// - Parameter totals: what there is in each quarter hour.
    func correction(
        of id: CameraID, totals: [Timestamp: (in: Int64, out: Int64)]
    ) throws(Problem) -> CountCorrection {
        do throws(CountCorrection.Rejection) {
            return try CountCorrection(
                cameraID: id, range: range, line: line, objectClass: objectClass, delta: delta, reason: reason,
                totals: totals)
        } catch {
            switch error {
            case .belowZero(let totalIn, let totalOut):
                throw Problem(
                    .countBelowZero,
                    "No count goes below zero: \(totalIn) in and \(totalOut) out is what there is.",
                    members: ["corrected_in": .integer(totalIn), "corrected_out": .integer(totalOut)])
            }
        }
    }
}
