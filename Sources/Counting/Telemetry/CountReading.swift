import EventSourcing

/// The version of the model that made a detection.
package struct ModelVersion: BoundedText {
    package static let subject = "A model's version"
    package static let lengths = 0...100

    package let text: String
    package init(stored text: String) { self.text = text }
}

/// How many of one class crossed one line of a camera since the reading before, each way.
package struct CountReading: Hashable, Sendable {
    package let cameraID: CameraID
    package let observedAt: ObservationTime
    package let line: LineName
    package let objectClass: ObjectClass
    package let countIn: Tally
    package let countOut: Tally
    package var confidence: Ratio?
    package var processingTime: Milliseconds?
    package var modelVersion: ModelVersion?
    /// Whatever the worker keeps about the picture.
    package var frameData: FreeformObject?

    package init(
        cameraID: CameraID, observedAt: ObservationTime, line: LineName, objectClass: ObjectClass, countIn: Tally,
        countOut: Tally
    ) {
        self.cameraID = cameraID
        self.observedAt = observedAt
        self.line = line
        self.objectClass = objectClass
        self.countIn = countIn
        self.countOut = countOut
    }
}

extension CountReading {
    package static let eventType = "CountReadingRecorded"

    package var event: NewEvent {
        NewEvent(
            type: Self.eventType,
            data: .members([
                "camera_id": .integer(cameraID.number),
                "observed_at": .string(observedAt.instant.rfc3339),
                "line": line.json,
                "class": objectClass.json,
                "count_in": .integer(countIn.count),
                "count_out": .integer(countOut.count),
                "confidence_score": confidence.json,
                "processing_time_ms": processingTime.json,
                "ai_model_version": modelVersion.json,
                "frame_data": frameData?.json,
            ]))
    }

    package init(_ event: RecordedEvent) throws(EventDecodingError) {
        let members = try StoredMembers(telemetry: event, type: Self.eventType)
        cameraID = try members.required("camera_id", CameraID.init(stored:))
        observedAt = try members.observationTime()
        line = try members.text("line")
        objectClass = try members.text("class")
        countIn = Tally(stored: try members.required("count_in", \.integer))
        countOut = Tally(stored: try members.required("count_out", \.integer))
        confidence = try members.quantity("confidence_score")
        processingTime = try members.quantity("processing_time_ms")
        modelVersion = try members.optionalText("ai_model_version")
        frameData = try members.optional("frame_data", \.object).map(FreeformObject.init(stored:))
    }
}
