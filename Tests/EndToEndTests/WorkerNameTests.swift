import Testing

/// Names that no worker may have are refused when the program starts.
@Suite(.timeLimit(.minutes(5))) struct WorkerNameTests {
    @Test(arguments: [String(repeating: "w", count: 101), "hall 7", "hall/7"])
    func aWorkerThatNoCameraCanBeAssignedToDoesNotStart(_ name: String) async throws {
        let worker = try await Program.run("footfall-worker", ["--id", name])
        #expect(worker.code == 64)
        #expect(worker.output.contains("FOOTFALL_WORKER_ID is \(name), not a worker's id"), "\(worker.output)")
        try await withFolder { folder in
            let up = try await Program.run(
                "footfall", ["up", "--data-dir", folder.path], environment: ["FOOTFALL_WORKER_ID": name])
            #expect(up.code == 64)
            #expect(up.output.contains("FOOTFALL_WORKER_ID is \(name), not a worker's id"), "\(up.output)")
        }
    }
}
