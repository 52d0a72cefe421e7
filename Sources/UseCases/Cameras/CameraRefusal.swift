import Counting
import EventSourcing
import StreamPolicy

/// Why a command on a camera was not carried out, beside the domain's own rejections (`CommandError.rejected`).
package enum CameraRefusal: Error, Sendable {
    /// The camera has another version than those that were expected. With the events since the newest of them, the newest
    /// last; none where no older version was expected.
    case stale(actual: Int64, changes: [RecordedEvent])
    /// The stream must not, or cannot, be connected to.
    case stream(StreamRefusal)
    /// The settings date a recording so that it ends in the future, at this instant.
    case settingsEndAhead(Timestamp)
    /// What is to be played is a recording that ends in the future, at this instant.
    case recordingEndsAhead(Timestamp)
}
