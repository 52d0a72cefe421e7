import Counting
import UseCases

extension CameraMonitor {
    /// Looks at a camera's stream; says nothing where it cannot be looked at now.
    package static func looking(by probes: StreamProbes) -> Check {
        { suspect in
            do {
                let probe = try await probes.look(at: suspect.id, metadata: metadata).probe
                if probe.isOpen, suspect.desiredState == .running { return Finding(.error, reason: unheard) }
                if probe.isOpen { return Finding(.online, reason: Reason(stored: "its stream can be opened")) }
                return Finding(
                    .error, reason: Reason(stored: "its stream cannot be opened: \(probe.reason ?? "no reason given")"))
            } catch {
                return nil  // removed meanwhile, or the log is out of reach: the next round looks again
            }
        }
    }
}
