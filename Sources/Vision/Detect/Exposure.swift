import COpenCV

/// Undoes a camera's automatic exposure: brings each frame back to the brightness and contrast in which the
/// background was learnt.
struct Exposure {
    private let scene: Picture
    private let coarseScene: Picture
    private let coarseFrame: Picture

    /// The longer side in pixels of the pictures that are compared.
    private static let grid = 64

    init() throws(VisionError) {
        scene = try Picture()
        coarseScene = try Picture()
        coarseFrame = try Picture()
    }

    /// Writes the frame, as it would look in the background's light, into `result`.
    func compensate(
        _ frame: Picture, into result: Picture, against background: OpaquePointer
    ) throws(VisionError) {
        try checked(cv_background_picture(background, scene.handle))
        try coarse(scene, into: coarseScene)
        try coarse(frame, into: coarseFrame)
        var pairs: [(scene: Double, frame: Double)] = []
        pairs.reserveCapacity(coarseScene.width * coarseScene.height)
        for row in 0..<coarseScene.height {
            guard let expected = cv_picture_row(coarseScene.handle, Int32(row)),
                let actual = cv_picture_row(coarseFrame.handle, Int32(row))
            else { continue }
            for column in 0..<coarseScene.width {
                pairs.append((Double(expected[column]), Double(actual[column])))
            }
        }
        let tone = ToneChange(pairs)
        try checked(cv_scale(frame.handle, result.handle, 1 / tone.gain, -tone.offset / tone.gain))
    }

    private func coarse(_ picture: Picture, into gray: Picture) throws(VisionError) {
        let size = picture.size(longest: Exposure.grid)
        try picture.resize(into: gray, width: size.width, height: size.height)
        try checked(cv_gray(gray.handle, gray.handle))
    }
}

/// How a frame's values follow from the scene's: `frame = gain * scene + offset`.
struct ToneChange {
    private(set) var gain = 1.0
    private(set) var offset = 0.0

    /// Weighted least squares, repeated with Tukey's weights so that objects, which follow no such rule, drop out;
    /// it holds while they fill less than about half of the picture. It starts from the median ratio, and leans
    /// on it a little, since an even scene says nothing about contrast.
    init(_ pairs: [(scene: Double, frame: Double)]) {
        let lit = pairs.filter { $0.scene >= 8 && $0.scene <= 247 && $0.frame >= 4 && $0.frame <= 251 }
        guard lit.count >= 16 else { return }
        let ratio = min(max(median(lit.map { $0.frame / $0.scene }), 0.3), 3)
        gain = ratio
        for _ in 0..<5 {
            let residuals = lit.map { $0.frame - gain * $0.scene - offset }
            let reach = 4.7 * max(1, 1.48 * median(residuals.map(abs)))
            var weights = 0.0
            var scenes = 0.0
            var frames = 0.0
            var squares = 0.0
            var products = 0.0
            for (pair, residual) in zip(lit, residuals) where abs(residual) < reach {
                let closeness = 1 - residual * residual / (reach * reach)
                let weight = closeness * closeness
                weights += weight
                scenes += weight * pair.scene
                frames += weight * pair.frame
                squares += weight * pair.scene * pair.scene
                products += weight * pair.scene * pair.frame
            }
            guard weights > 8 else { return }
            // The lean weighs like a scene whose brightness deviates by 3 of 255 about its mean.
            let lean = 9.0 * weights
            let variance = squares - scenes * scenes / weights + lean
            gain = min(max((products - scenes * frames / weights + lean * ratio) / variance, 0.3), 3)
            offset = (frames - gain * scenes) / weights
        }
    }
}

private func median(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.sorted()[values.count / 2]
}
