/// A YOLO network's output matrix and how to read it.
struct YoloOutput {
    enum Layout: Sendable {
        /// Rows of centre x, y, width, height, objectness and a score a class; relative to the picture, and each
        /// score final (Darknet).
        case darknet
        /// The same rows in pixels of the input, each score yet to be multiplied by objectness (YOLOv5 to v7).
        case scored
        /// A column an object: centre x, y, width, height and a final score a class, in pixels (YOLOv8 and later).
        case columns
    }

    let values: UnsafePointer<Float>
    let rows: Int
    let columns: Int
    let layout: Layout
    /// The network's input side in pixels.
    let inputSize: Int

    /// The layout of an ONNX network's output: objects outnumber their numbers by far.
    static func onnxLayout(rows: Int, columns: Int) -> Layout {
        rows < columns ? .columns : .scored
    }

    var classCount: Int { layout == .columns ? rows - 4 : columns - 5 }

    /// The objects whose best class scores at least `floor`.
    func detections(floor: Double, classes: [DetectedClass]) -> [Detection] {
        guard classCount > 0, classes.count == classCount else { return [] }
        let objects = layout == .columns ? columns : rows
        let firstScore = layout == .columns ? 4 : 5
        let unit = layout == .darknet ? 1 : Double(inputSize)
        var found: [Detection] = []
        for object in 0..<objects {
            func value(_ index: Int) -> Double {
                Double(layout == .columns ? values[index * columns + object] : values[object * columns + index])
            }
            let objectness = layout == .scored ? value(4) : 1
            guard objectness >= floor else { continue }
            var best = 0
            var score = -Double.infinity
            for candidate in 0..<classCount where value(firstScore + candidate) > score {
                best = candidate
                score = value(firstScore + candidate)
            }
            let confidence = score * objectness
            guard confidence >= floor else { continue }
            let box = Box(
                centre: ImagePoint(x: value(0) / unit, y: value(1) / unit), width: value(2) / unit,
                height: value(3) / unit
            ).clipped
            guard box.area > 0 else { continue }
            found.append(Detection(box: box, objectClass: classes[best], confidence: min(1, confidence)))
        }
        return found
    }
}
