import EventSourcing
import Foundation
import Postgres
import TestSupport
import Testing

/// Who may do what, on the programs themselves.
@Suite(.timeLimit(.minutes(5))) struct TokenTests {
    @Test func theWorkerOfThisMachineProvesWhoItIs() async throws {
        try await withFolder { folder in
            let footfall = try await Footfall.up(in: folder)
            try await footfall.program.waits(for: "connected to the server")
            let file = folder.appending(path: "worker/token")
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            // Run by root, the worker is another user.
            #expect(mode == (geteuid() == 0 ? 0o640 : 0o600))

            var worker = footfall
            worker.token = try String(contentsOf: file, encoding: .utf8)
            #expect(try await worker.get("/workers/worker-1/assignments").status == .ok)
            #expect(try await worker.get("/workers/worker-2/assignments").status == .forbidden)
            #expect(try await worker.get("/audit").status == .forbidden)
            #expect(await footfall.stop() == 0)

            // Neither on a command line nor in the log.
            let token = try #require(worker.token)
            #expect(!footfall.program.output.contains(token))
            #expect(!footfall.program.output.contains(try #require(token.split(separator: ".").last)))
        }
    }

    @Test func tokensOfTheToolGiveWhatTheySay() async throws {
        try await withFolder { folder in
            let data = ["--data-dir", folder.path]
            var footfall = try await Footfall.up(in: folder, ["--no-worker"])
            #expect(
                try await footfall.post(
                    "/cameras", ["name": "Door", "stream_url": "rtsp://10.0.0.1/x", "stream_type": "rtsp"]
                ).status == .created)
            footfall.token = nil
            #expect(try await footfall.get("/cameras").status == .unauthorized)
            for (arguments, camera, command) in [
                (["--role", "viewer"], 200, 403), (["--role", "operator", "--ttl", "5m"], 200, 200),
                (["--role", "operator", "--cameras", "1,2"], 200, 200),
                (["--role", "operator", "--cameras", "2"], 404, 404),
                (["--role", "operator", "--location", "Hall"], 404, 404),
                (["--role", "worker", "--worker", "w9"], 404, 403),
            ] {
                let result = try await Program.run("footfallctl", ["token"] + arguments + data)
                #expect(result.code == 0, "\(result.output)")
                footfall.token = result.output.trimmingCharacters(in: .newlines)
                #expect(try await footfall.get("/cameras/1").status.code == camera, "\(arguments)")
                #expect(try await footfall.post("/cameras/1/restart").status.code == command, "\(arguments)")
            }
            #expect(await footfall.stop() == 0)
        }
    }

    /// Two servers on one database, and the tool beside them.
    @Test func revokedTokensAreRefusedByEveryServer() async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withFolder { folder in
                let one = try await Footfall.serve(on: target.url, dataIn: folder)
                let two = try await Footfall.serve(on: target.url, dataIn: folder)
                let data = ["--data-dir", folder.path, "--database-url", target.url]
                func issue() async throws -> String {
                    try await Footfall.token(["--data-dir", folder.path, "--subject", "ana"])
                }
                func refused(_ token: String, by footfall: Footfall) async throws {
                    var footfall = footfall
                    footfall.token = token
                    while try await footfall.get("/cameras").status != .unauthorized { await Task.yield() }
                }
                let (first, second) = (try await issue(), try await issue())
                let listed = try await Program.run("footfallctl", ["token", "list", "--json"] + data)
                #expect(listed.code == 0, "\(listed.output)")
                let lines = try listed.output.split(separator: "\n").map { try JSON.parse(Array($0.utf8)) }
                let mine = lines.filter { $0["subject"] == "ana" }
                #expect(mine.count == 2)
                #expect(lines.allSatisfy { $0["state"] == "valid" })
                #expect(!listed.output.contains(first))

                let id = try #require(mine[0]["id"]?.string)
                let revoked = try await Program.run("footfallctl", ["token", "revoke", id, "--reason", "lost"] + data)
                #expect(revoked.code == 0, "\(revoked.output)")
                for footfall in [one, two] { try await refused(first, by: footfall) }
                var ana = two
                ana.token = second
                #expect(try await ana.get("/cameras").status == .ok)
                let table = try await Program.run("footfallctl", ["token", "list"] + data)
                #expect(table.output.split(separator: "\n").contains { $0.contains(id) && $0.contains("revoked") })

                #expect(try await one.post("/tokens/revoke", ["subject": "ana"]).status == .ok)
                for footfall in [one, two] { try await refused(second, by: footfall) }
                #expect(await one.stop() == 0)
                // One that starts later reads them before it lets anybody in.
                ana = try await Footfall.serve(on: target.url, dataIn: folder)
                ana.token = second
                #expect(try await ana.get("/cameras").status == .unauthorized)
                for footfall in [two, ana] { #expect(await footfall.stop() == 0) }
            }
        }
    }

    /// A server without the key, to which the public half was given.
    @Test func anotherServerVerifiesByThePublicKeys() async throws {
        try await TestCluster.shared.withDatabase { target in
            try await withFolder { folder in
                let data = ["--data-dir", folder.path]
                let keys = try await Program.run("footfallctl", ["token", "--public-keys"] + data)
                #expect(!keys.output.contains("\"d\""))
                let file = folder.appending(path: "keys.json")
                try keys.output.write(to: file, atomically: true, encoding: .utf8)
                var footfall = try await Footfall.listening(
                    Program(
                        "footfall",
                        [
                            "serve", "--port", "0", "--database-url", target.url, "--auth-jwks", file.path,
                            "--auth-issuer", "footfall", "--auth-audience", "footfall",
                        ], environment: ["FOOTFALL_MASTER_KEY": Footfall.masterKey]))
                #expect(try await footfall.get("/cameras").status == .unauthorized)
                footfall.token = try await Footfall.token(data)
                #expect(try await footfall.get("/cameras").status == .ok)
                #expect(await footfall.stop() == 0)
            }
        }
    }

    @Test func serveSaysWhatToConfigure() async throws {
        let result = try await Program.run("footfall", ["serve", "--database-url", "host=/nonexistent"])
        #expect(result.code == 64)
        for name in ["FOOTFALL_AUTH_JWKS", "FOOTFALL_AUTH_SECRET", "FOOTFALL_AUTH_VERIFY_URL", "--auth off"] {
            #expect(result.output.contains(name))
        }
        let short = try await Program.run(
            "footfall", ["serve", "--database-url", "host=/nonexistent"],
            environment: ["FOOTFALL_AUTH_SECRET": "never to be shown"])
        #expect(short.code == 64)
        #expect(!short.output.contains("never to be shown"))
    }
}
