/// A block of addresses in CIDR notation: `10.0.0.0/8`. One of version 4 that is mapped into version 6 is the block of
/// version 4.
package struct Network: Hashable, Sendable, CustomStringConvertible {
    let base: IPAddress
    let prefix: Int

    /// - Parameter text: an address and the length of its prefix; without a length, the one address.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let base = parts.first.flatMap({ IPAddress(String($0)) }) else { return nil }
        var prefix = base.width
        if parts.count == 2 {
            guard let given = Int(parts[1]), String(given) == parts[1], (0...base.width).contains(given) else {
                return nil
            }
            prefix = given
        }
        let isMapped = base != base.unmapped && prefix >= 96
        self.base = isMapped ? base.unmapped : base
        self.prefix = isMapped ? prefix - 96 : prefix
    }

    package func contains(_ address: IPAddress) -> Bool {
        address.isV4 == base.isV4 && (address.bits ^ base.bits) >> UInt128(base.width - prefix) == 0
    }

    /// Whether all its addresses are among the other's.
    func isWithin(_ other: Network) -> Bool { prefix >= other.prefix && other.contains(base) }

    package var description: String { "\(base)/\(prefix)" }
}

extension [Network] {
    /// Whether one of them has the address, or the one of version 4 that is mapped into it.
    package func contains(_ address: IPAddress) -> Bool { contains { $0.contains(address.unmapped) } }
}
