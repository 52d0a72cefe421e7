import NIOCore
import Testing

@testable import footfall_worker

@Suite struct HTTPReaderTests {
    private func read(_ text: String, by piece: Int) -> (passed: String, statuses: [Int]) {
        var reader = HTTPReader()
        var (bytes, passed) = (ByteBuffer(string: text), ByteBuffer())
        var statuses: [Int] = []
        while let part = bytes.readSlice(length: min(piece, bytes.readableBytes)), part.readableBytes > 0 {
            passed.writeImmutableBuffer(reader.pass(part))
            if let status = reader.takeStatus() { statuses.append(status) }
        }
        return (String(buffer: passed), statuses)
    }

    @Test(arguments: [1, 5, 1000]) func challengesAreThoseThatFFmpegCanAnswer(_ piece: Int) {
        let head =
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"c\", algorithm=\"MD5\", nonce=\"1\"\r\n"
        let more = "www-authenticate: Digest realm=\"c\", nonce=\"2\", algorithm=SHA-512-256\r\n"
        let rest = "Content-Length: 2\r\n\r\nno"
        let (passed, statuses) = read(head + more + rest, by: piece)
        #expect(passed == head + rest)
        #expect(statuses == [401])
    }

    private static let head = "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=--frame\r\n\r\n"

    @Test(arguments: [1, 2, 7, 1000]) func picturesThatAreWellFormedPassAsTheyAre(_ piece: Int) {
        let part = "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 9\r\n\r\n12345\r\n--\r\n"
        let open = "--frame\r\nContent-Type: image/jpeg\r\n\r\n1\r\n--fram\n2\r\n"
        let text = Self.head + part + part + open + open + "--frame--\r\n"
        let (passed, statuses) = read(text, by: piece)
        #expect(passed == text)
        #expect(statuses == [200])
    }

    @Test(arguments: [1, 2, 7, 1000]) func aFirstBoundaryAndTheRightTypeArePutIn(_ piece: Int) {
        let given =
            "Content-type: image/jpg\r\nContent-Length: 5\r\n\r\n12345\r\n--frame\r\nContent-Type:image/JPG\r\n\r\n1\r\n"
        let meant =
            "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\n12345\r\n"
            + "--frame\r\nContent-Type: image/jpeg\r\n\r\n1\r\n--frame"
        #expect(read(Self.head + given + "--frame", by: piece).passed.hasPrefix(Self.head + meant.dropLast(7)))
    }

    @Test(arguments: [
        "ICY 200 OK\r\n\r\nabc", "HTTP/1.1 200 OK\nContent-Type: video/mp4\n\nabc", "HTTP/1.1 404 Not Found\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde",
        "HTTP/1.1 200 OK\r\nContent-Type: multipart/mixed\r\n\r\nabc",
    ])
    func whatIsNeitherPassesAsItIs(_ text: String) { #expect(read(text, by: 3).passed == text) }
}
