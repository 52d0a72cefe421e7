import Counting
import EventSourcing
import Testing
import Vision

@testable import footfall_worker

/// What the API says holds by default is what the worker does.
@Suite struct SettingsDefaultsTests {
    @Test func settingsThatAreFilledInMeanWhatNoneMean() throws {
        let none = AssignmentSettings([:])
        let filled = AssignmentSettings(CameraSettings.defaultMembers)
        #expect(filled.pace == none.pace)
        #expect(filled.startedAt == none.startedAt)
        #expect(filled.loops == none.loops)
        #expect(filled.classes == none.classes)
        for model in [nil, "m.onnx"] {
            let choice = try DetectorChoice(name: filled.detector, model: model)
            #expect(try choice == DetectorChoice(name: none.detector, model: model))
        }
        let pipeline = PipelineSettings(
            source: try CaptureSource(kind: .rtsp, url: "rtsp://10.0.0.5/s"), lines: [], detector: .motion)
        #expect(filled.confidence == pipeline.confidence)
        #expect(none.confidence == nil)
        #expect(filled.pace == pipeline.pace)
        #expect(filled.loops == pipeline.loops)
    }
}
