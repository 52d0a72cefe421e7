import Foundation
import Testing

@testable import Vision

@Suite(.offThePool) struct DetectionTests {
    @Test func ofOverlappingBoxesTheSurestRemains() {
        let kept = suppressed(
            [.person(0.5, 0.5, confidence: 0.6), .person(0.505, 0.5, confidence: 0.9), .person(0.8, 0.5)], overlap: 0.45
        )
        #expect(kept.map(\.confidence) == [0.9, 0.9])
        #expect(kept.count == 2)
    }

    @Test func onlyKinSuppressesEachOther() {
        let car = Detection.person(0.5, 0.5, confidence: 0.9, objectClass: "car")
        let truck = Detection.person(0.5, 0.5, confidence: 0.5, objectClass: "truck")
        let person = Detection.person(0.5, 0.5, confidence: 0.4)
        #expect(suppressed([person, truck, car], overlap: 0.45) == [car, person])
    }

    @Test func darknetRowsAreRelativeAndFinal() {
        let values: [Float] = [0.5, 0.5, 0.2, 0.4, 0.9, 0.1, 0.8, 0.5, 0.5, 0.2, 0.4, 0.9, 0.1, 0.2]
        let found = decode(values, rows: 2, columns: 7, layout: .darknet)
        #expect(found.map(\.objectClass) == ["b"])
        #expect(abs((found.first?.confidence ?? 0) - 0.8) < 1e-6)
        #expect(abs((found.first?.box.x ?? 0) - 0.4) < 1e-6)
    }

    @Test func scoredRowsAreInPixelsAndTimesObjectness() {
        let values: [Float] = [50, 50, 20, 40, 0.5, 0.1, 0.8]
        let found = decode(values, rows: 1, columns: 7, layout: .scored)
        #expect(abs((found.first?.confidence ?? 0) - 0.4) < 1e-6)
        #expect(abs((found.first?.box.width ?? 0) - 0.2) < 1e-6)
    }

    @Test func columnsAreObjectsWithoutObjectness() {
        // Two objects, three numbers more than coordinates would be classes; here two.
        let values: [Float] = [50, 20, 50, 20, 20, 10, 40, 10, 0.1, 0.9, 0.8, 0.2]
        let found = decode(values, rows: 6, columns: 2, layout: .columns)
        #expect(found.map(\.objectClass) == ["b", "a"])
    }

    @Test func boxesAreClippedToThePicture() {
        let values: [Float] = [0, 0.5, 0.2, 0.4, 0.9, 0.9, 0.1]
        let found = decode(values, rows: 1, columns: 7, layout: .darknet)
        #expect(found.first?.box.x == 0)
        #expect(abs((found.first?.box.width ?? 0) - 0.1) < 1e-6)
    }

    private func decode(_ values: [Float], rows: Int, columns: Int, layout: YoloOutput.Layout) -> [Detection] {
        values.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return [] }
            let output = YoloOutput(values: base, rows: rows, columns: columns, layout: layout, inputSize: 100)
            return output.detections(floor: 0.3, classes: ["a", "b"])
        }
    }

    @Test func classNamesComeFromTheFileBesideTheModelOrFromTheirNumber() throws {
        let folder = try TemporaryFolder()
        let model = folder.url.appendingPathComponent("shop.onnx")
        #expect(try ClassNames.names(count: 1, model: model) == [.person])
        #expect(try ClassNames.names(count: 80, model: model).count == 80)
        #expect(throws: VisionError.self) { try ClassNames.names(count: 2, model: model) }
        try "trolley\nbasket\n".write(
            to: folder.url.appendingPathComponent("shop.names"), atomically: true, encoding: .utf8)
        #expect(try ClassNames.names(count: 2, model: model) == ["trolley", "basket"])
    }

    @Test func aModelThatIsNotThereIsSaidSo() {
        #expect {
            try DetectorChoice(name: "yolo", model: "/nowhere/model.weights").detector(threshold: 0.3)
        } throws: { error in
            error as? VisionError == .unusableModel(path: "/nowhere/model.weights", reason: "no such file")
        }
    }

    @Test func aBrokenModelIsSaidSo() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("broken.onnx")
        try Data("not a model".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: VisionError.self) { try DetectorChoice(name: nil, model: path).detector(threshold: 0.3) }
    }

    @Test func detectorsAreChosenByName() throws {
        #expect(try DetectorChoice(name: nil, model: nil) == .motion)
        #expect(try DetectorChoice(name: "auto", model: nil) == .motion)
        #expect(try DetectorChoice(name: "people", model: "m.onnx") == .people)
        #expect(try DetectorChoice(name: "auto", model: "m.onnx") == .yolo(model: "m.onnx", inputSize: 416))
        #expect(try DetectorChoice(name: nil, model: "m.onnx") == .yolo(model: "m.onnx", inputSize: 416))
        #expect(throws: VisionError.self) { try DetectorChoice(name: "yolo", model: nil) }
        #expect(throws: VisionError.self) { try DetectorChoice(name: "magic", model: nil) }
    }

    @Test func partsOfOneFigureAreJoined() {
        let join = FragmentJoin(aspectRatio: 1)
        let head = Region(box: Box(x: 0.5, y: 0.3, width: 0.05, height: 0.05), area: 0.002)
        let legs = Region(box: Box(x: 0.49, y: 0.39, width: 0.06, height: 0.08), area: 0.003)
        #expect(join.objects([head, legs]).map(\.box.height).map { ($0 * 100).rounded() } == [17])
    }

    @Test func neighboursOfLikeSizeStayApart() {
        let join = FragmentJoin(aspectRatio: 1)
        let one = Region(box: Box(x: 0.5, y: 0.3, width: 0.06, height: 0.2), area: 0.008)
        let other = Region(box: Box(x: 0.57, y: 0.3, width: 0.06, height: 0.2), area: 0.008)
        let behind = Region(box: Box(x: 0.5, y: 0.52, width: 0.06, height: 0.2), area: 0.008)
        #expect(join.objects([one, other, behind]).count == 3)
    }

    @Test func theToneOfADarkenedPictureIsFoundDespiteAnObject() {
        var pairs: [(scene: Double, frame: Double)] = []
        for index in 0..<1400 {
            let scene = 80 + Double(index % 60)
            pairs.append((scene, index < 1000 ? 0.8 * scene - 30 : 240))
        }
        let tone = ToneChange(pairs)
        #expect(abs(tone.gain - 0.8) < 0.03)
        #expect(abs(tone.offset + 30) < 4)
    }

    @Test func anUnchangedPictureKeepsItsTone() {
        let values = (0..<1000).map { Double(20 + $0 % 200) }
        let tone = ToneChange(values.map { ($0, $0) })
        #expect(abs(tone.gain - 1) < 1e-9)
        #expect(abs(tone.offset) < 1e-6)
    }
}
