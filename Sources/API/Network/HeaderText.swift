/// Which values of headers are taken from the network.
///
/// What headers say is ASCII (RFC 9110, section 5.5), and a name in `Footfall-Actor` is short. Longer values of other
/// characters are nothing that anybody means, and would cost anyone who compares them as `String`.
enum HeaderText {
    static let maximumForeignBytes = 1024

    static func isTaken(_ value: String) -> Bool {
        value.utf8.count <= maximumForeignBytes || value.utf8.allSatisfy { $0 < 0x80 }
    }
}
