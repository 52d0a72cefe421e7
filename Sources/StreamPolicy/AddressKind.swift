/// What kind of network an address belongs to (IANA's registries of special-purpose addresses).
enum AddressKind: Hashable {
    /// Anywhere in the internet.
    case global
    /// An organisation's own: RFC 1918, RFC 4193.
    case local
    /// For a purpose that no camera has; `network` is all that is set apart for it.
    case special(String, network: Network)

    init(_ address: IPAddress) {
        for (name, networks) in Self.specials {
            if let network = networks.first(where: { $0.contains(address) }) {
                self = .special(name, network: network)
                return
            }
        }
        self = Self.locals.contains { $0.contains(address) } ? .local : .global
    }

    private static let locals = networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")

    /// The narrower come first.
    private static let specials: [(String, [Network])] = [
        // AWS and most others, Alibaba, Oracle, Azure; AWS and Google by version 6
        (
            "metadata",
            networks(
                "169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::/32", "fd20:ce::254")
        ),
        ("loopback", networks("127.0.0.0/8", "::1")),
        ("unspecified", networks("0.0.0.0/8", "::")),
        ("link-local", networks("169.254.0.0/16", "fe80::/10")),
        ("broadcast", networks("255.255.255.255")),
        ("multicast", networks("224.0.0.0/4", "ff00::/8")),
        ("carrier", networks("100.64.0.0/10")),
        (
            "reserved",
            networks(
                "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
                "240.0.0.0/4",
                // Version 6 outside of 2000::/3 and what stands above; of that, what is not for hosts.
                "::/8", "100::/8", "200::/7", "400::/6", "800::/5", "1000::/4", "2001::/23", "2001:db8::/32",
                "3fff::/20", "4000::/2", "8000::/2", "c000::/3", "e000::/4", "f000::/5", "f800::/6", "fe00::/9",
                "fec0::/10")
        ),
    ]

    private static func networks(_ texts: String...) -> [Network] { texts.compactMap { Network($0) } }
}
