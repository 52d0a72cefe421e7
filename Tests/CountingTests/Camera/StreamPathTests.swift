import TestSupport
import Testing

@testable import Counting

/// What follows the host in a stream's URL: shown where it is known to be harmless, else a secret.
@Suite struct StreamPathTests {
    @Test(arguments: StreamPathSamples.harmless)
    func makersWordsAndShortNumbersAreShown(path: String) throws {
        let address = try StreamAddress("rtsp://cam\(path)", type: .rtsp)
        #expect(address.path == nil)
        #expect(address.url == "rtsp://cam\(path)")
    }

    @Test(arguments: StreamPathSamples.secret)
    func everythingElseIsASecret(path: String) throws {
        let address = try StreamAddress("http://u:p@cam:81\(path)", type: .http)
        #expect(address.path == .clear(path))
        #expect(address.url == "http://cam:81/***")
        #expect(address.masked == "http://***@cam:81/***")
        #expect(address.url(with: "u:p", path: path) == "http://u:p@cam:81\(path)")
        #expect(StreamAddress.shown("http://cam:81\(path)") == "http://cam:81/***")
    }

    /// Anyone who knows it may publish in the camera's place.
    @Test(arguments: [
        "rtmp://server/live/stream", "rtmps://server/live", "rtmp://server?key=1", "rtmp://server/app/k3y",
    ])
    func whatNamesARTMPStreamIsASecret(url: String) throws {
        let address = try StreamAddress(url, type: .rtmp)
        #expect(address.masked.hasSuffix("://server/***"))
        guard case .clear(let path) = address.path else {
            Issue.record("the path is not a secret")
            return
        }
        #expect(address.url(with: nil, path: path) == url)
    }

    @Test func theMaskIsRecognized() throws {
        let address = try StreamAddress("rtsp://***@cam/***", type: nil)
        #expect(address.path == .masked)
        #expect(address.credentials == .masked)
        #expect(address.masked == "rtsp://***@cam/***")
    }

    @Test func aMaskKeepsWhatIsThereOnTheSameHost() throws {
        var known = try StreamAddress("rtsp://u:p@cam/x1y2z3", type: nil)
        known.credentials = .kept(SecretID("c0ffee"))
        known.path = .kept(SecretID("face"))
        #expect(try StreamAddress("rtsp://***@cam/***", type: nil).unmasked(by: known) == known)
        var other = try StreamAddress("rtsp://cam/***", type: nil)
        #expect(other.unmasked(by: known)?.path == .kept(SecretID("face")))
        #expect(other.unmasked(by: known)?.credentials == nil)
        other = try StreamAddress("rtsp://v:q@cam/***", type: nil)
        #expect(other.unmasked(by: known)?.credentials == .clear("v:q"))
        for elsewhere in ["rtsp://cam2/***", "rtsp://cam:8554/***", "http://cam/***"] {
            #expect(try StreamAddress(elsewhere, type: nil).unmasked(by: known) == nil)
        }
        let shown = try StreamAddress("rtsp://***@cam/live", type: nil)
        #expect(try StreamAddress("rtsp://***@cam/***", type: nil).unmasked(by: shown) == nil)
    }

    /// The time for it grows with its length, which is bounded.
    @Test func aLongPathIsASecretAtOnce() throws {
        for piece in ["/live", "/1-1", "/h264_", "/a", "/livelive", "/1"] {
            for count in [10, 30, 100, 400] {
                let path = String(repeating: piece, count: count)
                guard path.count < 2000 else { continue }
                _ = try StreamAddress("rtsp://cam\(path)", type: .rtsp)
            }
        }
    }
}
