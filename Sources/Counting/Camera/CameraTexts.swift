/// What people call a camera; two cameras may share a name.
package struct CameraName: BoundedText {
    package static let subject = "A camera's name"
    package static let lengths = 2...255

    package let text: String
    package init(stored text: String) { self.text = text }
}

/// Where a camera hangs.
package struct Location: BoundedText {
    package static let subject = "A location"
    package static let lengths = 0...500

    package let text: String
    package init(stored text: String) { self.text = text }
}

/// Whatever else people should know about a camera.
package struct CameraNotes: BoundedText {
    package static let subject = "A description"
    package static let lengths = 0...10_000
    package static let allowsLineBreaks = true

    package let text: String
    package init(stored text: String) { self.text = text }
}

/// Why somebody did something to a camera, in their words.
package struct Reason: BoundedText {
    package static let subject = "A reason"
    package static let lengths = 1...500

    package let text: String
    package init(stored text: String) { self.text = text }
}
