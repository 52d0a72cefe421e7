import COpenCV

/// Scores how much a stream's pictures show, about once a second, on a small gray copy:
///
/// `score = light × contrast × sharpness`, and 0 while the picture is frozen.
///
/// - light: 1 where the mean value is between 40 and 215 of 255, falling evenly to 0 at black and at white;
/// - contrast: the standard deviation of the values over 16, at most 1;
/// - sharpness: the standard deviation of the Laplacian over 8, at most 1;
/// - frozen: no value changed for `frozenAfter` looks in a row. A camera's noise changes some in each frame.
final class PictureQuality {
    private var gray: Picture
    private var previous: Picture
    private var lastLook: Double?
    private var unchanged = 0

    private static let size = 160
    private static let interval = 1.0
    private static let frozenAfter = 5

    init() throws(VisionError) {
        gray = try Picture()
        previous = try Picture()
    }

    /// The picture's score; nil where the last look is not long enough ago.
    func look(at picture: Picture, seconds: Double) throws(VisionError) -> Double? {
        if let lastLook, seconds - lastLook < PictureQuality.interval { return nil }
        swap(&gray, &previous)
        let size = picture.size(longest: PictureQuality.size)
        try picture.resize(into: gray, width: size.width, height: size.height)
        try checked(cv_gray(gray.handle, gray.handle))

        if lastLook != nil, previous.width == gray.width, previous.height == gray.height {
            var difference = 0.0
            try checked(cv_mean_difference(gray.handle, previous.handle, &difference))
            unchanged = difference == 0 ? unchanged + 1 : 0
        }
        lastLook = seconds
        guard unchanged < PictureQuality.frozenAfter else { return 0 }

        var mean = 0.0
        var deviation = 0.0
        var edges = 0.0
        try checked(cv_mean_deviation(gray.handle, &mean, &deviation))
        try checked(cv_laplacian_deviation(gray.handle, &edges))
        return PictureQuality.score(mean: mean, deviation: deviation, edges: edges)
    }

    static func score(mean: Double, deviation: Double, edges: Double) -> Double {
        let light = max(0, min(1, mean / 40, (255 - mean) / 40))
        return light * min(1, deviation / 16) * min(1, edges / 8)
    }
}
