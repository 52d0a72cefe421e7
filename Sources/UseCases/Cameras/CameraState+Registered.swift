import Counting

extension Camera.State {
    /// The camera that there is.
    /// - Throws: `unknown` or `removed` where there is none.
    package var registered: Camera {
        get throws(Camera.Rejection) {
            switch self {
            case .registered(let camera): camera
            case .unregistered: throw .unknown
            case .removed: throw .removed
            }
        }
    }
}
