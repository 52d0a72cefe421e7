// In a build for libFuzzer, the program; elsewhere FuzzTests stand in for it.
#if LIBFUZZER
    import Foundation

    @_silgen_name("LLVMFuzzerRunDriver")
    private func runDriver(
        _ count: UnsafeMutablePointer<Int32>,
        _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
        _ test: @convention(c) (UnsafePointer<UInt8>, Int) -> Int32
    ) -> Int32

    /// libFuzzer's own `main`, which this program's replaces, is linked all the same and wants it.
    @_cdecl("LLVMFuzzerTestOneInput")
    public func readInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
        Parser.read(UnsafeBufferPointer(start: bytes, count: count))
        return 0
    }

    /// libFuzzer over all parsers. The first argument is the folder of inputs, into which the seeds are written; the others
    /// are libFuzzer's.
    @main enum Fuzz {
        static func main() throws {
            guard CommandLine.arguments.count > 1 else { fatalError("usage: fuzz-bench FOLDER [option of libFuzzer]…") }
            let folder = URL(filePath: CommandLine.arguments[1])
            for (number, seed) in Seeds.all.enumerated() {
                try Data(seed).write(to: folder.appending(path: "seed-\(number)"))
            }
            var count = CommandLine.argc
            var arguments = CommandLine.unsafeArgv
            exit(runDriver(&count, &arguments, readInput))
        }
    }
#endif
