import Testing

@testable import StreamPolicy

@Suite struct StreamNetworksTests {
    private func obstacle(
        _ url: String, _ transport: StreamTransport = .rtsp, in networks: StreamNetworks = .defaults
    ) throws -> String? {
        guard case .address(let address) = try StreamEndpoint(url, over: transport).host else { return "a name" }
        return networks.obstacle(to: address, over: transport)
    }

    @Test(arguments: [
        ("rtsp://127.0.0.1/s", "loopback"), ("rtsp://127.8.8.8:8554/s", "loopback"), ("rtsp://127.1/s", "loopback"),
        ("rtsp://2130706433/s", "loopback"), ("rtsp://0177.0.0.1/s", "loopback"), ("rtsp://0x7f.1/s", "loopback"),
        ("rtsp://0X7F000001/s", "loopback"), ("rtsp://017700000001", "loopback"), ("rtsp://127.0.1", "loopback"),
        ("rtsp://127.0.0.1./s", "loopback"), ("rtsp://a@127.0.0.1/s", "loopback"),
        ("rtsp://10.0.0.5@127.1", "loopback"),
        ("rtsp://10.0.0.5:80@127.0.0.1/s", "loopback"), ("rtsp://a@10.0.0.5@127.0.0.1/s", "loopback"),
        ("rtsp://@127.0.0.1", "loopback"), ("rtsp://127.0.0.1#@10.0.0.5/", "loopback"),
        ("rtsp://127.0.0.1?@10.0.0.5/", "loopback"), ("rtsp://[::1]/s", "loopback"),
        ("rtsp://[0:0:0:0:0:0:0:1]/s", "loopback"), ("rtsp://[::ffff:127.0.0.1]/s", "loopback"),
        ("rtsp://[::ffff:7f00:1]/s", "loopback"), ("rtsp://[64:ff9b::127.0.0.1]/s", "loopback"),
        ("rtsp://[2002:7f00:1::]/s", "loopback"), ("rtsp://[2001:0:102:304::80ff:fffe]/s", "loopback"),
        ("rtsp://[2606:4700::5efe:127.0.0.1]/s", "loopback"), ("rtsp://[::127.0.0.1]/s", "reserved"),
        ("rtsp://0.0.0.0/s", "unspecified"), ("rtsp://0/s", "unspecified"), ("rtsp://[::]/s", "unspecified"),
        ("rtsp://169.254.1.1/s", "link-local"), ("rtsp://[fe80::1]/s", "link-local"),
        ("rtsp://169.254.169.254/s", "metadata"), ("rtsp://2852039166/s", "metadata"),
        ("rtsp://0xa9fea9fe/s", "metadata"), ("rtsp://[::ffff:a9fe:a9fe]/s", "metadata"),
        ("rtsp://[fd00:ec2::254]/s", "metadata"), ("rtsp://100.100.100.200/s", "metadata"),
        ("rtsp://100.64.0.1/s", "carrier"), ("rtsp://224.0.0.1/s", "multicast"), ("rtsp://[ff02::1]/s", "multicast"),
        ("rtsp://255.255.255.255/s", "broadcast"), ("rtsp://4294967295/s", "broadcast"),
        ("rtsp://240.0.0.1/s", "reserved"), ("rtsp://192.0.2.1/s", "reserved"), ("rtsp://[2001:db8::1]/s", "reserved"),
        ("rtsp://[fec0::1]/s", "reserved"), ("rtsp://[64:ff9b:1::a00:1]/s", "reserved"),
    ])
    func addressesThatNoCameraHasAreRefusedHoweverTheyAreWritten(_ url: String, _ range: String) throws {
        #expect(try obstacle(url) == range)
    }

    @Test(arguments: [
        "rtsp://10.0.0.5/s", "rtsp://172.31.0.1/s", "rtsp://192.168.1.20/s", "rtsp://012.0.0.5/s", "rtsp://167772165/s",
        "rtsp://[fd12:3456::1]/s", "rtsp://[::ffff:10.0.0.5]/s", "rtsp://8.8.8.8/s", "rtsp://[2606:4700::1111]/s",
        "rtsp://127.0.0.1@10.0.0.5/s", "rtsp://10.0.0.1#@127.0.0.1", "rtsp://10.0.0.1/@127.0.0.1",
    ])
    func camerasAreReachedInPrivateNetworksAndInTheInternet(_ url: String) throws {
        #expect(try obstacle(url) == nil)
        #expect(try obstacle(url.replacing("rtsp:", with: "rtmp:"), .rtmp) == nil)
    }

    @Test(arguments: [
        "rtsp://[fe80::1%25eth0]/s", "rtsp://[fe80::1%eth0]/s", "rtsp://１２７.0.0.1/s", "rtsp://127。0。0。1/s",
        "rtsp://ⓛocalhost/s", "rtsp://10.0.0.5\\@127.0.0.1/s", "rtsp://127.0.0.1\\@10.0.0.5/s",
        "rtsp://127.0.0.1.2.3/s",
        "rtsp://256.0.0.1/s", "rtsp://127.0.0.08/s", "rtsp://127..1/s", "rtsp://0x/s", "rtsp://1.2.3.0x/s",
        "rtsp://4294967296/s", "rtsp://%31%32%37.0.0.1/s", "rtsp://[127.0.0.1]/s", "rtsp://[::1/s", "rtsp://[::1]x/s",
        "rtsp:///s", "rtsp://:554/s", "rtsp://h:+5/s", "rtsp://h:0/s", "rtsp://h:99999/s", "rtsp://h:5:5/s",
        "rtsp:/h/s",
        "http://10.0.0.5/s", "file:///etc/passwd", "concat:rtsp://10.0.0.5/s", "rtsp://10.0.0.5/s\r\nHost: x",
    ])
    func whatCanBeReadInTwoWaysIsNoAddress(_ url: String) {
        #expect(throws: StreamRefusal.self) { try StreamEndpoint(url, over: .rtsp) }
    }

    @Test func whatFFmpegWouldCutOffIsRefused() throws {
        func endpoint(_ password: Int, _ path: Int, _ transport: StreamTransport) throws -> StreamEndpoint {
            let (password, path) = (String(repeating: "p", count: password), String(repeating: "x", count: path - 1))
            return try StreamEndpoint("\(transport.rawValue)://u:\(password)@10.0.0.5/\(path)", over: transport)
        }
        #expect(try endpoint(125, 1000, .rtsp).path.utf8.count == 1000)
        for (password, path) in [(126, 1), (1, 1001)] {
            #expect(throws: StreamRefusal.self) { try endpoint(password, path, .rtsp) }
            #expect(throws: Never.self) { try endpoint(password, path, .http) }
        }
    }

    @Test func privateNetworksTakeAnEntryForHTTP() throws {
        #expect(try obstacle("http://10.0.0.5/", .http) == "private")
        #expect(try obstacle("http://8.8.8.8/", .http) == nil)
        let networks = try StreamNetworks("default, 10.0.0.0/24")
        #expect(try obstacle("http://10.0.0.5/", .http, in: networks) == nil)
        #expect(try obstacle("http://10.0.1.5/", .http, in: networks) == "private")
    }

    @Test func aListReplacesTheDefaults() throws {
        let networks = try StreamNetworks("192.168.7.0/24")
        #expect(try obstacle("rtsp://192.168.7.9/", in: networks) == nil)
        #expect(try obstacle("rtsp://192.168.8.9/", in: networks) == "private")
        #expect(try obstacle("rtsp://8.8.8.8/", in: networks) == "unlisted")
    }

    @Test func whatIsForbiddenIsOpenedOnlyByItsOwnName() throws {
        let all = try StreamNetworks("0.0.0.0/0 ::/0")
        for url in ["rtsp://127.0.0.1", "rtsp://169.254.169.254", "rtsp://[::1]", "rtsp://0.0.0.0"] {
            #expect(try obstacle(url, in: all) != nil)
        }
        #expect(try obstacle("rtsp://8.8.8.8", in: all) == nil)
        #expect(try obstacle("rtsp://127.0.0.1", in: try StreamNetworks("default,127.0.0.0/8")) == nil)
        #expect(try obstacle("rtsp://169.254.169.254", in: try StreamNetworks("169.254.0.0/16")) == "metadata")
        #expect(try obstacle("rtsp://169.254.169.254", in: try StreamNetworks("169.254.169.254")) == nil)
    }

    @Test(arguments: ["", ",", "10.0.0.0/33", "10.0.0/8", "camera.example", "10.0.0.0/8/8", "10.0.0.0/+8", "defaults"])
    func aMalformedListIsSaid(_ text: String) {
        #expect(throws: StreamNetworks.Malformed.self) { try StreamNetworks(text) }
    }
}
