import Glibc

/// An address of the internet protocol, version 4 or 6, without port and zone.
package struct IPAddress: Hashable, Sendable {
    /// In network order: 32 bits of version 4, 128 of version 6.
    package let bits: UInt128
    package let isV4: Bool

    package init(v4 bits: UInt32) {
        self.bits = UInt128(bits)
        isV4 = true
    }

    package init(v6 bits: UInt128) {
        self.bits = bits
        isV4 = false
    }

    var width: Int { isV4 ? 32 : 128 }

    /// The usual way to write one: four decimal numbers (version 4), or RFC 4291 without a zone. nil for all others.
    package init?(_ text: String) {
        guard !text.utf8.contains(0) else { return nil }
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            self.init(v4: UInt32(bigEndian: v4.s_addr))
            return
        }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
        self.init(v6: withUnsafeBytes(of: v6) { $0.reduce(0) { $0 << 8 | UInt128($1) } })
    }

    /// Every way in which C libraries read version 4 (`inet_aton`): one to four numbers, decimal, octal after `0` or
    /// hexadecimal after `0x`, of which the last fills what is left of the 32 bits.
    init?(looselyWritten text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...4).contains(parts.count) else { return nil }
        var bits: UInt64 = 0
        for (index, part) in parts.enumerated() {
            guard let number = Self.number(part) else { return nil }
            let isLast = index == parts.count - 1
            let width: UInt64 = isLast ? UInt64(8 * (4 - index)) : 8
            guard number < 1 << width else { return nil }
            bits = bits << width | number
        }
        self.init(v4: UInt32(truncatingIfNeeded: bits))
    }

    private static func number(_ text: Substring) -> UInt64? {
        let (digits, radix) =
            text.lowercased().hasPrefix("0x")
            ? (text.dropFirst(2), 16) : text.count > 1 && text.hasPrefix("0") ? (text.dropFirst(), 8) : (text, 10)
        guard !digits.isEmpty, digits.utf8.allSatisfy({ UInt8(ascii: "+") != $0 && UInt8(ascii: "-") != $0 }) else {
            return nil
        }
        return UInt64(digits, radix: radix)
    }

    /// In network order: four of version 4, sixteen of version 6.
    package var bytes: [UInt8] {
        stride(from: width - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bits >> UInt128($0)) }
    }

    /// The address of version 4 that is mapped into this one of version 6 (RFC 4291); otherwise the address itself.
    package var unmapped: IPAddress {
        isV4 || bits >> 32 != 0xFFFF ? self : IPAddress(v4: UInt32(truncatingIfNeeded: bits))
    }

    /// What an address stands for: itself, or the addresses of version 4 that a packet to it reaches in the end.
    package var meant: [IPAddress] {
        if isV4 { return [self] }
        func embedded(_ bits: UInt128) -> IPAddress { IPAddress(v4: UInt32(truncatingIfNeeded: bits)) }
        if unmapped.isV4 { return [unmapped] }
        // 64:ff9b::a.b.c.d (RFC 6052)
        if bits >> 32 == 0x0064_FF9B << 64 { return [embedded(bits)] }
        // 2002:aabb:ccdd:: (RFC 3056)
        if bits >> 112 == 0x2002 { return [embedded(bits >> 80)] }
        // Teredo (RFC 4380): the server, and the client with its bits turned round
        if bits >> 96 == 0x2001_0000 { return [embedded(bits >> 64), embedded(~bits)] }
        // ISATAP (RFC 5214): in any network
        if bits >> 32 & 0xFDFF_FFFF == 0x5EFE { return [self, embedded(bits)] }
        return [self]
    }
}

extension IPAddress: CustomStringConvertible {
    package var description: String {
        if isV4 { return [24, 16, 8, 0].map { String(bits >> $0 & 0xFF) }.joined(separator: ".") }
        var address = in6_addr()
        withUnsafeMutableBytes(of: &address) { bytes in
            for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: bits >> (8 * (15 - index))) }
        }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, &address, &text, socklen_t(text.count)) != nil else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
