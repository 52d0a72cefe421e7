import StreamPolicy
import Testing

@Suite struct NetworkTests {
    @Test(
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false), ("0.0.0.0/0", "8.8.8.8", true), ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("::ffff:10.0.0.0/104", "10.1.2.3", true), ("::ffff:10.0.0.0/104", "11.1.2.3", false),
            ("::ffff:192.0.2.7", "::ffff:192.0.2.7", true), ("::/0", "10.0.0.1", false),
            ("fd00::/8", "fd12::1", true), ("fd00::/8", "fe80::1", false), ("::1", "127.0.0.1", false),
            ("172.16.0.0/12", "172.31.255.255", true), ("172.16.0.0/12", "172.32.0.0", false),
        ])
    func addressIsInItsNetworkAlone(network: String, address: String, isInside: Bool) throws {
        let network = try #require(Network(network))
        let address = try #require(IPAddress(address))
        #expect(network.contains(address.unmapped) == isInside)
    }

    @Test(arguments: ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::/129", "a", "10.0.0.0/8/8", "10.0.0.0/"])
    func nonsenseIsNoNetwork(text: String) { #expect(Network(text) == nil) }

    @Test(arguments: ["10.0.0", "0x0a000001", "10.0.0.0/8", "::1%lo", ""])
    func nonsenseIsNoAddress(text: String) { #expect(IPAddress(text) == nil) }

    @Test(arguments: [
        ("10.1.2.3", [10, 1, 2, 3]), ("2001:db8::ff", [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF]),
    ])
    func bytesAreInNetworkOrder(text: String, bytes: [UInt8]) { #expect(IPAddress(text)?.bytes == bytes) }
}
