import Counting

extension Camera.Rejection {
    /// Why a command is not carried out, for who gave it.
    package var sentence: String {
        switch self {
        case .unknown: "No camera has this id."
        case .removed: "The camera was removed; its id is not used again."
        case .alreadyRegistered: "A camera with this id is registered already."
        case .inMaintenance:
            "A camera in maintenance does not start, and no worker ends it: a person sets its status to offline first."
        case .notAssigned(let worker): "The camera is not assigned to \(worker)."
        case .notARecording:
            "The camera is not set to a file with started_at: there is nothing to count again."
        case .transitionNotAllowed(let old, _):
            "A camera that is \(old.rawValue) can become \(old.successors.map(\.rawValue).joined(separator: " or "))."
        case .credentialsMasked:
            "*** stands for what was given for this scheme, host and port, and nothing is known; give it in full."
        case .securityConfigMasked:
            "*** stands for what was given for this scheme, host and port of the stream, and there is none; give it in "
                + "full."
        case .secretInClear: "A secret was not encrypted before the command was decided."
        }
    }
}
