import Testing

@testable import Vision

/// What FFmpeg is told beside a stream's address.
@Suite struct CaptureSourceTests {
    private static let containers =
        "avi,mov,mp4,matroska,webm,mpegts,mpeg,mpegvideo,flv,asf,ogg,h264,hevc,m4v,mjpeg,mxf,ivf"

    @Test func eachKindHasItsOwnProtocolsAndContainersAndNoOthers() throws {
        let rtsp = try CaptureSource(kind: .rtsp, url: "rtsp://127.0.0.1:40000/live")
        #expect(rtsp.options == "rtsp_transport;tcp|protocol_whitelist;rtsp,tcp|format_whitelist;rtsp")
        let http = try CaptureSource(kind: .http, url: "https://camera.example/live", proxyPort: 40_000)
        #expect(
            http.options
                == "protocol_whitelist;http,https,httpproxy,tcp,tls,crypto|format_whitelist;"
                + "hls,mpjpeg,aac,mp3,webvtt,\(Self.containers)|http_proxy;http://127.0.0.1:40000")
        let rtmp = try CaptureSource(
            kind: .rtmp, url: "rtmp://127.0.0.1:40000/app/live", serverURL: "rtmp://camera.example:1935/app")
        #expect(
            rtmp.options
                == "protocol_whitelist;rtmp,tcp|format_whitelist;flv,live_flv|rtmp_tcurl;rtmp://camera.example:1935/app"
        )
        let file = try CaptureSource(kind: .file, url: "/clips/a.avi")
        #expect(file.options == "protocol_whitelist;file|format_whitelist;\(Self.containers)")
    }

    /// The address is FFmpeg's first argument, and no option, whatever it holds.
    @Test func anAddressAddsNoOptions() throws {
        for kind in CaptureSource.Kind.allCases {
            let base = kind == .file ? "/clips/a" : "\(kind.rawValue)://127.0.0.1:40000/a"
            let plain = try CaptureSource(kind: kind, url: base)
            let tricky = try CaptureSource(kind: kind, url: base + "|protocol_whitelist;file,concat|x;y")
            #expect(tricky.options == plain.options)
        }
    }

    @Test(arguments: ["rtmp://a/b|protocol_whitelist;file", "rtmp://a/b;c", "rtmp://a|b"])
    func whatAServerIsCalledByAddsNoOptions(_ serverURL: String) {
        #expect(throws: VisionError.self) {
            try CaptureSource(kind: .rtmp, url: "rtmp://127.0.0.1:40000/app/live", serverURL: serverURL)
        }
    }
}
