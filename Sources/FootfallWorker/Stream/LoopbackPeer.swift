import Foundation
import NIOCore

/// Who has connected from this machine.
enum LoopbackPeer {
    /// Whether the far end of a connection over 127.0.0.1 is a socket of this process, by what the system shows under
    /// /proc.
    static func isThisProcess(_ channel: any Channel) -> Bool {
        guard let near = channel.localAddress?.port, let far = channel.remoteAddress?.port,
            let inode = inode(from: far, to: near)
        else { return false }
        return sockets().contains("socket:[\(inode)]")
    }

    /// The number of the socket at 127.0.0.1:`from` that is connected to 127.0.0.1:`to` (proc(5), /proc/net/tcp).
    private static func inode(from: Int, to: Int) -> Substring? {
        func end(_ port: Int) -> String {
            let digits = String(port, radix: 16, uppercase: true)
            return "0100007F:" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        guard let table = try? String(contentsOfFile: "/proc/self/net/tcp", encoding: .ascii) else { return nil }
        let (local, remote) = (end(from), end(to))
        for line in table.split(separator: "\n") {
            let columns = line.split(separator: " ")
            if columns.count > 9, columns[1] == local, columns[2] == remote { return columns[9] }
        }
        return nil
    }

    private static func sockets() -> Set<String> {
        let folder = "/proc/self/fd"
        // A descriptor that is closed meanwhile has no link any more.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return Set(names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") })
    }
}
