import COpenCV

/// OpenCV's people detector (histograms of oriented gradients, Dalal and Triggs 2005): upright people of whom at
/// least about 100 pixels in height are seen. Slow and, beside the other detectors, coarse; it needs no model and
/// no fixed camera.
final class PeopleDetector: Detector {
    let modelVersion = "people"
    let tellsClasses = true
    let threshold: Double

    private let people: OpaquePointer
    private let small: Picture

    /// The longer side in pixels of the picture that is searched: time grows with its square.
    static let workingSize = 800
    /// Between two sizes of people searched for.
    static let scaleStep = 1.05
    /// The detector's window, 64 by 128 pixels, has a margin of 16 around the person.
    static let margin = (horizontal: 16.0 / 64, vertical: 16.0 / 128)
    static let suppressionOverlap = 0.45

    init(threshold: Double) throws(VisionError) {
        self.threshold = threshold
        small = try Picture()
        var handle: OpaquePointer?
        try checked(cv_people_new(&handle))
        guard let handle else { throw .library("no people detector") }
        people = handle
    }

    deinit {
        cv_people_free(people)
    }

    func detect(in picture: Picture, seconds: Double) throws(VisionError) -> [Detection] {
        let size = picture.size(longest: PeopleDetector.workingSize)
        try picture.resize(into: small, width: size.width, height: size.height)
        var found = [cv_person](repeating: cv_person(), count: 256)
        var count: Int32 = 0
        try checked(
            cv_people_detect(people, small.handle, PeopleDetector.scaleStep, &found, Int32(found.count), &count))
        let detections = found.prefix(Int(count)).map { person in
            let width = Double(person.width) * (1 - 2 * PeopleDetector.margin.horizontal)
            let height = Double(person.height) * (1 - 2 * PeopleDetector.margin.vertical)
            let centre = ImagePoint(
                x: (Double(person.x) + Double(person.width) / 2) / Double(size.width),
                y: (Double(person.y) + Double(person.height) / 2) / Double(size.height))
            let box = Box(centre: centre, width: width / Double(size.width), height: height / Double(size.height))
            // The weight is a distance from the support vector machine's border: hardly ever above 2.
            return Detection(box: box.clipped, objectClass: .person, confidence: min(1, max(0, person.weight)))
        }
        return suppressed(detections, overlap: PeopleDetector.suppressionOverlap)
    }
}
