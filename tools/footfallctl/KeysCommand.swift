import ArgumentParser
import Foundation
import Installation
import Logging
import Postgres
import Secrets
import Settings

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Look at the master keys that cameras' secrets are under, and rotate them.",
        subcommands: [ListKeysCommand.self, RotateKeysCommand.self], defaultSubcommand: ListKeysCommand.self)
}

struct MasterKeyOptions: ParsableArguments {
    @Option(\.secrets.masterKeyFile) var masterKeyFile: SettingFlag?

    func keyring(_ database: DatabaseOptions) throws -> MasterKeyring {
        let settings = try InstallationSettings(database.settingFlags + settingFlags)
        return try MasterKeyring(
            text: settings.masterKey, file: settings.masterKeyFile, fallback: settings.ownMasterKeyFile)
    }
}

struct ListKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the master keys by their ids, and how many cameras' keys each wraps.",
        discussion: "An id is the beginning of the key's SHA-256. No key is shown.")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var masterKey: MasterKeyOptions

    func run() async throws {
        try await database.withDatabase { [self] target in
            let keyring = try masterKey.keyring(database)
            let connection = try await Connection.open(target, logger: .operators)
            defer { connection.close() }
            let lines = try await KeyRotation.lines(on: connection)
            for line in lines {
                let given = keyring[line.id] == nil ? "  NOT GIVEN" : ""
                print("\(line.id)  \(line.isCurrent ? "current" : "old    ")  \(line.cameras) camera keys\(given)")
            }
            for key in keyring.all where !lines.contains(where: { $0.id == key.id }) {
                print("\(key.id)  unused   0 camera keys")
            }
            let erased = try await KeyRotation.erased(on: connection)
            if erased > 0 { print("\(erased) camera keys are destroyed") }
        }
    }
}

struct RotateKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Put all cameras' keys under a new master key.",
        discussion: """
            With a key file: makes a new key, writes it into the file as the first, has the running servers use it \
            (they read the file again by themselves), wraps every camera's key again, and that by which repeated requests \
            are known, and takes the old keys out of the file. Where servers run on several machines, give each of them the new file first: put a new first line into \
            the file, copy it to all, then run this with --no-new-key, and afterwards delete the old lines everywhere.

            With FOOTFALL_MASTER_KEY: start all processes with NEW,OLD in it, run this with the same, then start them \
            with NEW alone.

            Nothing stops meanwhile. Whatever interrupts this, every camera's key is under one master key or the other, \
            and both are in the file: run it again, and it goes on before it makes another. What is encrypted is not \
            written again: a master key protects the cameras' keys only.

            Backups and the write-ahead log hold the cameras' keys as they were wrapped before, destroyed ones among \
            them. Once no copy of the old master key is left they open nothing.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var masterKey: MasterKeyOptions

    @Flag(help: "Make no key: use the first of those given, and leave the file as it is.")
    var noNewKey = false

    func run() async throws {
        try await database.withDatabase { [self] target in
            let keyring = try masterKey.keyring(database)
            let connection = try await Connection.open(target, logger: .operators)
            defer { connection.close() }
            try await KeyRotation.check(keyring, on: connection)
            let rotation = KeyRotation(on: connection, masterKeys: keyring)
            guard var newest = keyring.all.first else { throw MasterKeyError.missing }
            let lines = try await KeyRotation.lines(on: connection)
            let isUnfinished = lines.contains {
                $0.isCurrent != ($0.id == newest.id) && $0.isNeeded
            }
            if !noNewKey, isUnfinished {
                print("going on with the rotation to \(newest.id)")
            } else if !noNewKey {
                guard let file = keyring.file else {
                    complain("the keys are in FOOTFALL_MASTER_KEY, where none can be added; see --help")
                    throw ExitCode.failure
                }
                newest = MasterKey.random()
                try file.replace(with: [newest] + keyring.all)
                keyring.reload()
                print("\(newest.id) is the new master key, in \(file.path)")
            }
            try await rotation.makeCurrent(newest)
            let count = try await rotation.rewrap(under: newest)
            try await KeyRotation.clearRemains(on: connection)
            print("\(count) camera keys are wrapped again; all are under \(newest.id)")
            if !noNewKey, let file = keyring.file, keyring.all.count > 1 {
                try file.replace(with: [newest])
                print("the old master key is out of \(file.path)")
            }
        }
    }
}
