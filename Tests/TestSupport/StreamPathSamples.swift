/// Paths and queries of streams, as cameras have them.
package enum StreamPathSamples {
    package static let harmless = [
        "", "/", "/s", "/11", "/live", "/live/", "/stream1", "/h264", "/h264/ch1/main/av_stream", "/live/ch00_0",
        "/live.sdp",
        "/Streaming/Channels/101", "/Streaming/Channels/101/", "/cam/realmonitor?channel=1&subtype=0",
        "/cam/realmonitor?channel=16&subtype=1&unicast=true&proto=Onvif", "/axis-media/media.amp",
        "/axis-media/media.amp?camera=2&resolution=1280x720", "/axis-media/media.amp?videocodec=h264&fps=25",
        "/axis-cgi/mjpg/video.cgi", "/mjpg/video.mjpg", "/h264Preview_01_main", "/onvif1", "/MediaInput/h264",
        "/onvif-media/media.amp?profile=profile_1", "/media/video1", "/video1", "/videoMain", "/ufirststream", "/0/av0",
        "/profile2/media.smp".replacing(".smp", with: ".sdp"), "/ISAPI/Streaming/channels/102", "/img/video.sav",
        "/PSIA/Streaming/channels/1", "/live/1080p", "/trackID/1",
    ]

    package static let secret = [
        "/cgi-bin/mjpg?user=admin&pwd=HUNTER2", "/user=admin&password=hunter2&channel=1&stream=0.sdp", "?user=a&pwd=b",
        "/live/x7Gh29sKqPzz01Lm", "/live/stream1?token=abc", "/live/ch1?key=live", "/axis-media/media.amp?session=1",
        "/cam/realmonitor?channel=1&subtype=0&pass=main", "/hunter2", "/admin/live", "/Entrance", "/livestreams",
        "/1234-5678-9012-3", "/12345", "/live//stream", "/live?", "/live?channel=", "/live?channel=1&", "/live/../etc",
        "/l%69ve", "/kamera-b\u{FC}ro", "/live;pwd=x", "/live?channel=1?subtype=0",
        "/***x".replacing("***", with: "**"),
        "/\u{212A}", "/live_", "/_live", "/live..sdp",
    ]
}
