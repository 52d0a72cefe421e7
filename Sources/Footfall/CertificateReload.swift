import API
import Logging
import ServiceLifecycle
import UnixSignals

/// Reloads the TLS files at SIGHUP, for connections to come. Files that are of no use change nothing.
struct CertificateReload: Service {
    let identity: ServerIdentity
    let logger: Logger

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        await cancelWhenGracefulShutdown {
            for await _ in signals {
                do throws(ServerIdentity.Unusable) {
                    try identity.reload()
                    logger.notice("the TLS certificate was reloaded")
                } catch {
                    logger.error("the TLS certificate stays as it was", metadata: ["reason": "\(error)"])
                }
            }
        }
    }
}
