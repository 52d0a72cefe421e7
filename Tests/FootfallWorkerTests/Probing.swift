import EventSourcing
import Foundation
import NIOCore
import StreamPolicy
import Vision

@testable import footfall_worker

/// Looks at a stream where 127.0.0.1 is the one address that is allowed.
/// - Parameter names: finds addresses; without it, no name has one.
func probe(
    _ kind: CaptureSource.Kind, _ url: String, names: NameResolver? = nil, root: String? = nil,
    timeout: Duration = .seconds(30), tls: CameraTLS = .system
) async throws -> JSON {
    let nobody = NameResolver { (_: String) throws(NameResolver.Failure) in throw .notFound }
    let policy = StreamPolicy(networks: try StreamNetworks("127.0.0.1"), resolver: names ?? nobody)
    var door = StreamDoor(policy: policy, fileRoot: root.map { FileRoot(path: $0) }, tls: tls)
    // On a busy machine a handshake may take longer than a camera's.
    door.timeout = .seconds(30)
    return await Probe(door: door, timeout: timeout).look(at: kind, url)
}

extension ByteBuffer {
    static func + (head: ByteBuffer, body: Data) -> ByteBuffer {
        var whole = head
        whole.writeBytes(body)
        return whole
    }
}
