import Foundation

/// This machine, as programs on it name it to one another.
enum Loopback {
    /// Whether what is said to this host never leaves the machine: `localhost`, 127.0.0.0/8 or `::1`. Other names are not
    /// looked up.
    static func isNamed(by host: String) -> Bool {
        if ["localhost", "::1", "[::1]"].contains(host) { return true }
        var address = in_addr()
        guard inet_pton(AF_INET, host, &address) == 1 else { return false }
        return UInt32(bigEndian: address.s_addr) >> 24 == 127
    }
}
