import API
import Testing

@Suite struct AddressRangeTests {
    @Test(
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false), ("0.0.0.0/0", "8.8.8.8", true), ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("fd00::/8", "fd12::1", true), ("fd00::/8", "fe80::1", false), ("::1", "127.0.0.1", false),
            ("172.16.0.0/12", "172.31.255.255", true), ("172.16.0.0/12", "172.32.0.0", false),
            ("10.0.0.0/8", "10.0.0", false), ("10.0.0.0/8", "0x0a000001", false),
        ])
    func addressIsInItsNetworkAlone(network: String, address: String, isInside: Bool) throws {
        let range = try #require(AddressRange(network))
        #expect(range.contains(address) == isInside)
    }

    @Test(arguments: ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::/129", "a", "10.0.0.0/8/8", "10.0.0.0/"])
    func nonsenseIsNoNetwork(text: String) { #expect(AddressRange(text) == nil) }
}
