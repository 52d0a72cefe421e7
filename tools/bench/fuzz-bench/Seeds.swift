import EventSourcing

/// What each parser takes, to begin with: mutations of it come further than noise.
enum Seeds {
    static let all: [[UInt8]] = texts.flatMap { parser, texts in
        texts.map { [parser.rawValue] + Array($0.utf8) }
    }

    private static let texts: [(Parser, [String])] = [
        (
            .json,
            [
                #"{"a":[1.5e3,true,null,"x\u00e9\ud83d\ude00"],"b":{"c":-1}}"#, #"[9223372036854775807,1e308,-0.0]"#,
                #"{"source":"w","readings":[{"sequence":1,"observed_at":"2026-03-29T10:00:00Z","line":"door"}]}"#,
                #"{"name":"Door","stream_url":"rtsp://u:p@10.0.0.5/s","lines":[{"name":"a","from":[0,0.5],"to":[1,0.5],"inside":[0.5,0.9]}]}"#,
            ]
        ),
        (
            .token,
            [
                "eyJhbGciOiJFZERTQSIsImtpZCI6IngiLCJ0eXAiOiJKV1QifQ.eyJzdWIiOiJhbmEiLCJleHAiOjE3NzQ3ODU2MDAsInJvbGVzIjpbImFkbWluIl19.AAAA",
                "eyJhbGciOiJub25lIn0.e30.",
            ]
        ),
        (
            .url,
            [
                "rtsp://user:p%40ss@[::1]:554/a/b?c=d#e", "rtsps://***@camera.example/x", "file:///var/lib/x.mp4",
                "rtmp://10.0.0.1:1935/live/key", "http://a@b@c:80/?q",
            ]
        ),
        (
            .address,
            ["10.0.0.0/8", "::ffff:10.0.0.1", "2001:db8::/56", "default,192.168.7.0/24", "[::1]:443", "0x7f.1"]
        ),
        (
            .rtsp,
            [
                "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 5\r\n\r\nhello",
                "$\0\0\u{8}12345678RTSP/1.0 302 Found\r\n\r\n",
                "OPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n", "RTSP/1.0 301 Moved\r\nLocation: rtsp://a:b@c/\r\n\r\n",
            ]
        ),
        (
            .proof,
            [
                #"{"format":"footfall proof 1"}"# + "\n"
                    + #"{"segment":1,"first_position":1,"last_position":1,"previous_hash":"00","hash":"00"}"# + "\n"
                    + #"{"position":1,"stream":"camera-1","version":1,"type":"T","schema_version":1,"recorded_at":"2026-03-29T10:00:00Z","data":"{}","metadata":"{}"}"#
                    + "\n" + #"{"segments":1,"events":1}"#
            ]
        ),
        (
            .headers,
            [
                #"W/"7", "8" ,*"#, "text/html;q=0.5, application/json", "1.2.3.4, 10.0.0.2",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            ]
        ),
        (.path, ["/a%41%2f/%e2%82%ac?x", "from=2026-03-29T10:00:00+02:00&metadata.a=1&x=%zz"]),
        (.instant, ["2026-03-29T10:00:00.123456Z", "2024-02-29t23:59:60+23:59", "0001-01-01T00:00:00Z"]),
    ]
}
