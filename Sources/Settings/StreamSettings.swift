import StreamPolicy

/// From where streams are opened, by servers and workers.
package struct StreamSettings: SettingGroup {
    var title: String { "Streams" }

    package let fileRoot = Setting(
        "file.stream.root", .text("a folder"), flag: .standard,
        "The folder below which alone file streams are opened; without it, none is")
    package let networks = Setting(
        "stream.networks", .networks, default: .defaults, flag: .standard,
        "The networks in which alone streams are opened, such as `default,192.168.7.0/24`")
    package let verifiesTLS = Setting(
        "stream.tls.verify", .onOrOff, default: true, flag: .standard,
        "Whether streams under TLS must show a certificate that is trusted; `off` takes any certificate of a camera")
    package let caFile = Setting(
        "stream.ca.file", .text("a file"), flag: .standard,
        """
        A PEM file with what is trusted of cameras beside the system's authorities: further ones, and cameras' own \
        certificates
        """)
}
