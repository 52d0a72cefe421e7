import Counting
import EventSourcing
import UseCases

/// The body that corrects a count.
enum CountCorrectionForm {
    /// - Parameter now: the server's clock.
    static func read(_ json: JSON, now: Timestamp) throws(Problem) -> CorrectionDraft {
        try Form.read(json) { form in
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
                return CorrectionDraft(
                    range: try range.get(), line: try line.get(),
                    objectClass: try objectClass.get() ?? CountReading.defaultClass,
                    delta: try delta.get(), reason: try reason.get())
            }
        }
    }
}
