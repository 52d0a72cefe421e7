import Counting

/// What a camera is to be: what describes it, and what it is counted by. Secrets are in clear, or masked.
package struct CameraDraft: Hashable, Sendable {
    package let description: CameraDescription
    package let configuration: CameraConfiguration

    package init(_ description: CameraDescription, _ configuration: CameraConfiguration) {
        self.description = description
        self.configuration = configuration
    }
}
