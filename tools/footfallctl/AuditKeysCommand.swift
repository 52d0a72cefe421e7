import Access
import ArgumentParser
import Foundation
import Installation
import Settings

struct AuditKeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Show the public keys by which checkpoints of the log are verified, or add a key.",
        discussion: """
            The keys are in the file that FOOTFALL_AUDIT_KEY_FILE names, else in the data directory. A line is a public key \
            as golang.org/x/mod/sumdb/note writes it; give it to those who verify. A server signs by all keys in the file \
            from its next start on.
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(
        help: ArgumentHelp(
            "Add a key for the log of this name, such as shop.example/log; the file is made where it is missing.",
            valueName: "name"))
    var add: String?

    func run() throws {
        let settings = try InstallationSettings(database.settingFlags)
        let file =
            settings.checkpointKeyFile.map { URL(filePath: $0) } ?? CheckpointKeys.file(in: settings.dataDirectory)
        if let add { try CheckpointKeys.add(add, to: file) }
        guard let signers = try CheckpointKeys.read(file) else {
            throw CheckpointKeys.Unusable(
                description: "\(file.path) is not there; the first start makes it, or --add NAME")
        }
        for signer in signers { print(signer.key.encoded) }
    }
}
