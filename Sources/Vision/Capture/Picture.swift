import COpenCV

/// A picture in OpenCV's memory, which is reused from frame to frame. Belongs to one thread at a time.
package final class Picture {
    package let handle: OpaquePointer

    package init() throws(VisionError) {
        var handle: OpaquePointer?
        try checked(cv_picture_new(&handle))
        guard let handle else { throw .library("no picture") }
        self.handle = handle
    }

    deinit {
        cv_picture_free(handle)
    }

    package var width: Int { Int(cv_picture_width(handle)) }
    package var height: Int { Int(cv_picture_height(handle)) }

    /// - Parameter bgr: three bytes a pixel (blue, green, red), row by row.
    package func fill(bgr: [UInt8], width: Int, height: Int) throws(VisionError) {
        guard width > 0, height > 0, bgr.count == width * height * 3 else { throw .library("size of picture") }
        try checked(cv_picture_fill(handle, bgr, Int32(width), Int32(height)))
    }

    /// Writes this picture, scaled, into another one.
    func resize(into other: Picture, width: Int, height: Int) throws(VisionError) {
        try checked(cv_resize(handle, other.handle, Int32(width), Int32(height)))
    }

    /// The size in whole pixels at which the longer side measures at most `longest`; never larger than it is.
    func size(longest: Int) -> (width: Int, height: Int) {
        let factor = min(1, Double(longest) / Double(max(width, height, 1)))
        return (max(1, Int(Double(width) * factor + 0.5)), max(1, Int(Double(height) * factor + 0.5)))
    }
}

/// Throws what a call of OpenCV reported, and frees its text.
package func checked(_ text: UnsafeMutablePointer<CChar>?) throws(VisionError) {
    guard let text else { return }
    defer { cv_text_free(text) }
    throw .library(String(cString: text))
}
