import EventSourcing

/// The version of the model that made a detection.
package struct ModelVersion: BoundedText {
    package static let subject = "A model's version"
    package static let lengths = 0...100

    package let text: String
    package init(stored text: String) { self.text = text }
}

/// How many of one class crossed one line of a camera, or came into and left the whole picture, since the reading before.
package struct CountReading: Hashable, Sendable {
    package let cameraID: CameraID
    package var observedAt: ObservationTime
    /// nil: the whole picture.
    package var line: LineName?
    package private(set) var objectClass: ObjectClass
    package let countIn: Tally
    package let countOut: Tally
    package var confidence: Ratio?
    package var processingTime: Milliseconds?
    package var modelVersion: ModelVersion?
    /// What the worker has to say about the picture; in clear in events of schema version 1 alone.
    package var frameData: FrameData?
    /// The take of a recording that it belongs to; nil for what is counted live.
    package var take: Int64?

    package init(
        cameraID: CameraID, observedAt: ObservationTime, line: LineName?, objectClass: ObjectClass, countIn: Tally,
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
    /// Whether a reading that the log holds says what this one says. Not compared are frame data, which may be sealed, and
    /// how long the sender took: it takes another time when it goes through the same pictures again.
    package func says(what stored: CountReading) -> Bool {
        var (here, there) = (self, stored)
        (here.frameData, there.frameData) = (nil, nil)
        (here.processingTime, there.processingTime) = (nil, nil)
        if take != nil {
            // Another run of a recording sees the same passage, perhaps by another model.
            (here.confidence, there.confidence) = (nil, nil)
            (here.modelVersion, there.modelVersion) = (nil, nil)
        }
        // Earlier releases stored texts as they came.
        there.line = there.line?.inNormalForm
        there.objectClass = there.objectClass.inNormalForm
        there.modelVersion = there.modelVersion?.inNormalForm
        return here == there
    }
}

/// What a worker keeps about the picture of a reading. It may show people.
package enum FrameData: Hashable, Sendable {
    case clear(FreeformObject)
    case sealed(SealedFrameData)
}

/// Frame data encrypted under the camera's key.
package struct SealedFrameData: Hashable, Sendable {
    package let keyID: String
    /// Nonce, ciphertext and tag, in base64.
    package let text: String

    package init(keyID: String, text: String) {
        self.keyID = keyID
        self.text = text
    }

    fileprivate var json: JSON { ["key": .string(keyID), "data": .string(text)] }

    fileprivate init?(stored json: JSON) {
        guard let keyID = json["key"]?.string, let text = json["data"]?.string else { return nil }
        self.init(keyID: keyID, text: text)
    }
}

extension FrameData {
    fileprivate var clear: FreeformObject? {
        guard case .clear(let object) = self else { return nil }
        return object
    }

    fileprivate var sealed: SealedFrameData? {
        guard case .sealed(let sealed) = self else { return nil }
        return sealed
    }
}

extension CountReading {
    package static let eventType = EventType.countReadingRecorded.rawValue

    /// What crossed a line where the reading does not say it.
    package static let defaultClass = ObjectClass(stored: "object")

    package var event: NewEvent {
        NewEvent(
            .countReadingRecorded,
            // Versions 1 and 2 always had a line.
            schemaVersion: line == nil ? 3 : frameData?.sealed == nil ? 1 : 2,
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
                "frame_data": frameData?.clear?.json,
                "sealed_frame_data": frameData?.sealed?.json,
                "take": take.map(JSON.integer),
            ]))
    }

    package init(_ event: RecordedEvent) throws(EventDecodingError) {
        let members = try StoredMembers(event, of: .countReadingRecorded)
        cameraID = try members.required("camera_id", CameraID.init(stored:))
        observedAt = try members.observationTime()
        line = try members.optionalText("line")
        objectClass = try members.text("class")
        countIn = Tally(stored: try members.required("count_in", \.integer))
        countOut = Tally(stored: try members.required("count_out", \.integer))
        confidence = try members.quantity("confidence_score")
        processingTime = try members.quantity("processing_time_ms")
        modelVersion = try members.optionalText("ai_model_version")
        take = try members.optional("take", \.integer)
        frameData =
            if let sealed = try members.optional("sealed_frame_data", SealedFrameData.init(stored:)) {
                .sealed(sealed)
            } else {
                try members.optional("frame_data", \.object).map { .clear(FreeformObject(stored: $0)) }
            }
    }
}
