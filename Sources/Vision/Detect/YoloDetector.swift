import COpenCV
import Foundation

/// A YOLO network run by OpenCV on the CPU: Darknet's `.weights` with the `.cfg` beside it, or `.onnx`.
final class YoloDetector: Detector {
    let modelVersion: String
    let tellsClasses = true
    let threshold: Double
    private let model: URL
    private let inputSize: Int
    private let isDarknet: Bool
    private let network: OpaquePointer
    private var classes: [DetectedClass]?

    /// Overlap above which two boxes are one object.
    static let suppressionOverlap = 0.45
    /// The share of the threshold down to which a detection still helps to follow an object.
    static let followingShare = 0.5

    /// - Parameter inputSize: the side in pixels to which pictures are stretched; a multiple of 32.
    init(model path: String, inputSize: Int, threshold: Double) throws(VisionError) {
        model = URL(fileURLWithPath: path)
        modelVersion = model.deletingPathExtension().lastPathComponent
        self.threshold = threshold
        self.inputSize = inputSize
        guard inputSize > 0, inputSize <= 2048, inputSize.isMultiple(of: 32) else {
            throw .unusableModel(path: path, reason: "its input size is a multiple of 32 up to 2048")
        }
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw .unusableModel(path: path, reason: "no such file")
        }
        var handle: OpaquePointer?
        switch model.pathExtension {
        case "weights":
            isDarknet = true
            let configuration = model.deletingPathExtension().appendingPathExtension("cfg").path
            guard FileManager.default.isReadableFile(atPath: configuration) else {
                throw .unusableModel(path: path, reason: "its .cfg file is not beside it")
            }
            try YoloDetector.loaded(path, cv_network_darknet(configuration, path, &handle))
        case "onnx":
            isDarknet = false
            try YoloDetector.loaded(path, cv_network_onnx(path, &handle))
        default:
            throw .unusableModel(path: path, reason: "it is neither .weights nor .onnx")
        }
        guard let handle else { throw .unusableModel(path: path, reason: "it is empty") }
        network = handle
    }

    deinit {
        cv_network_free(network)
    }

    func detect(in picture: Picture, seconds: Double) throws(VisionError) -> [Detection] {
        try checked(cv_network_run(network, picture.handle, Int32(inputSize), Int32(inputSize)))
        var found: [Detection] = []
        for index in 0..<cv_network_output_count(network) {
            var rows: Int32 = 0
            var columns: Int32 = 0
            guard let values = cv_network_output(network, index, &rows, &columns) else { continue }
            let layout =
                isDarknet ? .darknet : YoloOutput.onnxLayout(rows: Int(rows), columns: Int(columns))
            let output = YoloOutput(
                values: values, rows: Int(rows), columns: Int(columns), layout: layout, inputSize: inputSize)
            let names = try names(count: output.classCount)
            found += output.detections(floor: threshold * YoloDetector.followingShare, classes: names)
        }
        return suppressed(found, overlap: YoloDetector.suppressionOverlap)
    }

    private func names(count: Int) throws(VisionError) -> [DetectedClass] {
        if let classes { return classes }
        let names = try ClassNames.names(count: count, model: model)
        classes = names
        return names
    }

    private static func loaded(_ path: String, _ text: UnsafeMutablePointer<CChar>?) throws(VisionError) {
        guard let text else { return }
        defer { cv_text_free(text) }
        throw .unusableModel(path: path, reason: String(cString: text))
    }
}
