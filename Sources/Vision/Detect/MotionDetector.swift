import COpenCV

/// Finds what moves before a background that it learns: any class of object, without a model. For fixed cameras.
///
/// The picture is scaled down, freed of changes of exposure, and compared with a mixture of Gaussians (MOG2,
/// Zivkovic 2004); shadows are taken off, and the connected regions that remain are the objects.
final class MotionDetector: Detector {
    let modelVersion = "motion"
    let tellsClasses = false
    let threshold: Double

    private let background: OpaquePointer
    private let small: Picture
    private let steady: Picture
    private let mask: Picture
    private var exposure: Exposure
    private var lastSeconds: Double?
    private var frames = 0

    /// The longer side in pixels of the picture that is looked at.
    static let workingSize = 480
    /// Seconds after which the background has forgotten two thirds of what it was.
    static let memory = 60.0
    /// What stands still for more than the rest of the remembered time (a quarter, so 17 seconds) is background.
    static let backgroundRatio = 0.75
    /// Squared distance from the background, in its variances, from which on a pixel is foreground.
    static let varianceThreshold = 25.0
    /// Less than this share of the picture is noise: 6 by 14 pixels in 480 by 360.
    static let smallestShare = 0.0005
    /// More foreground than this share of the picture is a change of light or of view, not an object.
    static let largestShare = 0.6

    init(threshold: Double) throws(VisionError) {
        self.threshold = threshold
        small = try Picture()
        steady = try Picture()
        mask = try Picture()
        exposure = try Exposure()
        var handle: OpaquePointer?
        try checked(cv_background_new(MotionDetector.varianceThreshold, MotionDetector.backgroundRatio, &handle))
        guard let handle else { throw .library("no background model") }
        background = handle
    }

    deinit {
        cv_background_free(background)
    }

    func detect(in picture: Picture, seconds: Double) throws(VisionError) -> [Detection] {
        let size = picture.size(longest: MotionDetector.workingSize)
        try picture.resize(into: small, width: size.width, height: size.height)
        if frames > 0 {
            try exposure.compensate(small, into: steady, against: background)
        }
        let rate = learningRate(at: seconds)
        try checked(cv_background_apply(background, frames > 0 ? steady.handle : small.handle, mask.handle, rate))
        frames += 1
        guard frames > 1 else { return [] }
        try clean(size: size)
        return try detections(size: size)
    }

    /// The share of a new frame in the background: the mean of all frames at first, later by time.
    private func learningRate(at seconds: Double) -> Double {
        let elapsed = max(0, seconds - (lastSeconds ?? seconds))
        lastSeconds = seconds
        return max(1 / Double(frames + 1), min(1, elapsed / MotionDetector.memory))
    }

    /// Drops shadows and specks, and closes the gaps within objects.
    private func clean(size: (width: Int, height: Int)) throws(VisionError) {
        try checked(cv_threshold(mask.handle, mask.handle, 200))
        let grain = Int32(max(2, (Double(max(size.width, size.height)) / 160).rounded()))
        try checked(cv_open(mask.handle, mask.handle, grain, grain))
        try checked(cv_close(mask.handle, mask.handle, 2 * grain - 1, 4 * grain + 1))
    }

    private func detections(size: (width: Int, height: Int)) throws(VisionError) -> [Detection] {
        var found = [cv_region](repeating: cv_region(), count: 512)
        var count: Int32 = 0
        try checked(cv_regions(mask.handle, &found, Int32(found.count), &count))
        let width = Double(size.width)
        let height = Double(size.height)
        let regions = found.prefix(Int(count)).map { region in
            Region(
                box: Box(
                    x: Double(region.x) / width, y: Double(region.y) / height,
                    width: Double(region.width) / width, height: Double(region.height) / height),
                area: Double(region.area) / (width * height))
        }
        guard regions.reduce(0, { $0 + $1.area }) < MotionDetector.largestShare else { return [] }
        let objects = FragmentJoin(aspectRatio: width / height).objects(regions)
        return objects.filter { $0.area > MotionDetector.smallestShare }.map {
            Detection(box: $0.box, objectClass: .object, confidence: 1)
        }
    }
}
