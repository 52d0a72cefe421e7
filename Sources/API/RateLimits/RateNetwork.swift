import EventLog
import Glibc

/// The network that a client comes from, as far as one client has it to itself.
struct RateNetwork: Hashable {
    /// An IPv4 address, also where it comes mapped into IPv6; of IPv6 the first 64 bits, within which a client has all
    /// addresses.
    let name: String
    /// The first 48 bits of IPv6, which one client may have whole; nil for IPv4.
    let site: String?

    /// How many times as much as one network all of a site may ask for.
    static let networksOfASite: Int64 = 4

    init(_ address: String?) {
        var bytes = in6_addr()
        guard let address, address.contains(":"), inet_pton(AF_INET6, Self.withoutZone(address), &bytes) == 1 else {
            name = address ?? "unknown"
            site = nil
            return
        }
        let all = withUnsafeBytes(of: bytes) { Array($0) }
        if all[..<10].allSatisfy({ $0 == 0 }), all[10...11] == [0xFF, 0xFF] {
            name = all[12...].map(String.init).joined(separator: ".")
            site = nil
        } else {
            name = Array(all[..<8]).hexadecimal
            site = Array(all[..<6]).hexadecimal
        }
    }

    /// `fe80::1%eth0` without the interface.
    private static func withoutZone(_ address: String) -> String { String(address.prefix { $0 != "%" }) }
}
