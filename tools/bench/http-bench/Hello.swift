import ArgumentParser
import BenchSupport
import Foundation
import Hummingbird

/// The yardstick: a server that answers every request with a word, as the HTTP library's own example has it.
struct Hello: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hello", abstract: "Serve a plain hello on a free port of 127.0.0.1, and print the port.")

    func run() async throws {
        let router = Router()
        router.get("/") { _, _ in "Hello" }
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                FileHandle.standardOutput.write(Data("http://127.0.0.1:\(channel.localAddress?.port ?? 0)/\n".utf8))
            },
            logger: BenchCluster.logger)
        try await application.runService()
    }
}
