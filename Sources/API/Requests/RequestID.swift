import Synchronization

/// Ids of requests that bring none.
enum RequestID {
    private static let seeds = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
    private static let count = Atomic<UInt64>(0)

    /// A UUID (RFC 9562, version 8) that no other request has: the process's random number and the request's, mixed, so
    /// that no two are alike at a glance. Nothing is secret about it, so the system is not asked for each.
    static func next() -> String {
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        var high = mixed(seeds.0 &+ number)
        var low = mixed(seeds.1 ^ number)
        high = high & ~0xF000 | 0x8000
        low = low & ~(0b11 << 62) | 0b10 << 62
        return String(unsafeUninitializedCapacity: 36) { text in
            var index = 0
            for (half, word) in [high, low].enumerated() {
                for nibble in 0..<16 {
                    if half == 0 ? nibble == 8 || nibble == 12 : nibble == 0 || nibble == 4 {
                        text[index] = UInt8(ascii: "-")
                        index += 1
                    }
                    let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * nibble)) & 0xF
                    text[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                    index += 1
                }
            }
            return index
        }
    }

    /// SplitMix64's output function: one to one. Source: G. Steele, D. Lea, C. Flood, Fast splittable pseudorandom number
    /// generators, OOPSLA 2014.
    private static func mixed(_ number: UInt64) -> UInt64 {
        var word = number &* 0x9E37_79B9_7F4A_7C15
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
