import EventLog
import StreamPolicy

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
        let bytes = address.flatMap { IPAddress(Self.withoutZone($0)) }?.unmapped.bytes
        if let bytes, bytes.count == 16 {
            name = Array(bytes[..<8]).hexadecimal
            site = Array(bytes[..<6]).hexadecimal
        } else {
            name = bytes?.map(String.init).joined(separator: ".") ?? address ?? "unknown"
            site = nil
        }
    }

    /// `fe80::1%eth0` without the interface.
    private static func withoutZone(_ address: String) -> String { String(address.prefix { $0 != "%" }) }
}
