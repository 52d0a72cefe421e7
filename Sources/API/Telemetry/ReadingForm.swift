import Counting
import EventSourcing

/// The members of one count reading. What is left out is filled in: the time of arrival, the camera's only line
/// (`ReportedLines`), and a class for whatever it was.
struct ReadingForm {
    let cameraID: CameraID
    let clock: ReportClock

    func read(_ form: Form) -> Field<TelemetryReport> {
        let observedAt = form.optional(
            "observed_at",
            .instant { instant throws(InvalidValue) in
                try clock.time(instant)
            })
        let line = form.optional("line", .text(LineName.self))
        let objectClass = form.optional("class", .text(ObjectClass.self))
        let countIn = form.required("count_in", .integer(Tally.init))
        let countOut = form.required("count_out", .integer(Tally.init))
        let total = form.optional("total_count", .integer { $0 })
        let confidence = form.optional("confidence_score", .quantity(Ratio.self))
        let processingTime = form.optional("processing_time_ms", .quantity(Milliseconds.self))
        let modelVersion = form.optional("ai_model_version", .text(ModelVersion.self))
        let frameData = form.optional("frame_data", .object(FreeformObject.init(_:)))
        let checkedTotal = form.make(at: "total_count") {
            let sum = try countIn.get().count + countOut.get().count
            if let total = try total.get(), total != sum {
                throw InvalidValue(.outOfRange, "The total is count_in + count_out, which makes \(sum).")
            }
        }
        return form.make {
            try checkedTotal.get()
            let (sentTime, sentLine) = (try observedAt.get(), try line.get())
            var reading = CountReading(
                cameraID: cameraID, observedAt: try sentTime ?? clock.time(clock.now), line: sentLine,
                objectClass: try objectClass.get() ?? CountReading.defaultClass, countIn: try countIn.get(),
                countOut: try countOut.get())
            reading.confidence = try confidence.get()
            reading.processingTime = try processingTime.get()
            reading.modelVersion = try modelVersion.get()
            var report = TelemetryReport(reading, frameData: try frameData.get())
            if sentTime == nil { report.filledIn.insert(.observedAt) }
            if sentLine == nil { report.filledIn.insert(.line) }
            return report
        }
    }
}
