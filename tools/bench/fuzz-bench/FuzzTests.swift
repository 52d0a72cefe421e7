#if !LIBFUZZER
    import Testing

    /// A moment of what `tools/bench/fuzz` does for as long as it is told to: mutations of the seeds, the same in each run.
    @Suite(.timeLimit(.minutes(5))) struct FuzzTests {
        @Test(arguments: Parser.allCases)
        func mutationsOfWhatIsRightDoNoHarm(parser: Parser) {
            var mutations = Mutations(seed: UInt64(parser.rawValue) + 1)
            let seeds = Seeds.all.filter { $0.first == parser.rawValue }.map { Array($0.dropFirst()) }
            #expect(!seeds.isEmpty)
            for seed in seeds {
                parser.read(seed)
                for _ in 0..<500 { parser.read(mutations.of(seed)) }
            }
        }

        @Test func aProofsNumbersMayBeTheLargest() {
            let lines = [
                #"{"format":"footfall proof 1"}"#,
                #"{"segment":9223372036854775807,"first_position":9223372036854775807,"last_position":9223372036854775807,"previous_hash":"","hash":""}"#,
                #"{"segments":1,"events":0}"#,
            ]
            Parser.proof.read(Array(lines.joined(separator: "\n").utf8))
            Parser.proof.read(Array((lines[...1] + [lines[1], lines[2]]).joined(separator: "\n").utf8))
        }
    }

    /// Changes bytes as fuzzers do: another value, a piece cut out, doubled or filled with a special one.
    private struct Mutations {
        private var state: UInt64

        init(seed: UInt64) { state = seed }

        private static let special: [[UInt8]] =
            [
                "\u{0}", "\u{7F}", "\"", "\\", "{", "}", "[", "]", ":", "/", "@", "%", "%00", "9223372036854775807",
                "-1", "1e999",
                "\u{301}\u{323}", "\r\n", "\r\n\r\n", "\u{FEFF}", "\u{202E}", "..", ",", "=", "&", "$",
            ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xED, 0xA0, 0x80], Array(repeating: 0x41, count: 3000)]

        /// xorshift64 (G. Marsaglia, Xorshift RNGs, 2003).
        private mutating func next(below bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(max(1, bound)))
        }

        mutating func of(_ bytes: [UInt8]) -> [UInt8] {
            var bytes = bytes
            for _ in 0...next(below: 4) {
                let start = next(below: bytes.count + 1)
                let end = min(bytes.count, start + next(below: 8))
                switch next(below: 4) {
                case 0 where start < bytes.count: bytes[start] = UInt8(truncatingIfNeeded: next(below: 256))
                case 1: bytes.removeSubrange(start..<end)
                case 2: bytes.insert(contentsOf: Array(bytes[start..<end]), at: start)
                default: bytes.replaceSubrange(start..<end, with: Self.special[next(below: Self.special.count)])
                }
            }
            return bytes
        }
    }
#endif
