import Counting
import EventSourcing
import Logging
import Secrets

/// The secrets of cameras as they are kept, read together with the cameras and the cameras' keys.
struct HeldSecrets {
    /// SQL for the secrets that the rows of `cameras` (with columns of `camera_state`) refer to, as one JSON array; null
    /// where there are none.
    static func select(_ cameras: String) -> String {
        """
        select json_agg(json_build_object(
          'camera_id', secret.camera_id, 'id', secret.id, 'purpose', secret.purpose,
          'sealed', encode(secret.sealed, 'hex'), 'key_id', key.key_id, 'master_key_id', key.master_key_id,
          'wrapped', encode(key.wrapped, 'hex')))
        from \(cameras) as camera
        join camera_secrets as secret
          on secret.camera_id = camera.camera_id
          and secret.id in (camera.stream_credentials_id, camera.stream_path_id, camera.security_config_id)
        join camera_keys as key on key.camera_id = secret.camera_id and key.key_id = secret.key_id
        """
    }

    private let secrets: [JSON]

    /// - Parameter bytes: what `select` gave; nil where it gave null.
    init(_ bytes: [UInt8]?) throws { secrets = try bytes.map { try JSON.parse($0).array ?? [] } ?? [] }

    /// The cameras, a JSON array of objects, with the secrets of their `stream_url` in it and their `security_config`.
    /// What an event of old holds in clear, their `stream_credentials` and `stream_path`, goes there too. A secret that
    /// cannot be read is left out, so that one camera does not keep the others from being watched.
    func added(to cameras: [UInt8], by vault: CameraVault, _ logger: Logger) throws -> [UInt8] {
        var opened: [Int64: [Purpose: String]] = [:]
        for json in secrets {
            guard let cameraID = json["camera_id"]?.integer, let id = json["id"]?.string,
                let purpose = json["purpose"]?.string.flatMap(Purpose.init(rawValue:)),
                let sealed = Self.bytes(json["sealed"]), let keyID = json["key_id"]?.string,
                let masterKeyID = json["master_key_id"]?.string, let wrapped = Self.bytes(json["wrapped"])
            else { continue }
            do throws(CameraVault.Failure) {
                opened[cameraID, default: [:]][purpose] = try vault.text(
                    SealedSecret(id: id, purpose: purpose, sealed: sealed),
                    under: WrappedKey(cameraID: cameraID, id: keyID, masterKeyID: masterKeyID, wrapped: wrapped))
            } catch {
                logger.error(
                    "a camera's secret cannot be read",
                    metadata: [
                        "camera": "\(cameraID)", "purpose": "\(purpose.rawValue)", "master_key": "\(masterKeyID)",
                    ])
            }
        }
        guard case .array(var items) = try JSON.parse(cameras) else { return cameras }
        for index in items.indices {
            guard case .object(var members) = items[index], let id = members["camera_id"]?.integer else { continue }
            let texts = opened[id] ?? [:]
            let credentials = texts[.streamCredentials] ?? members["stream_credentials"]?.string
            let path = texts[.streamPath] ?? members["stream_path"]?.string
            if let url = members["stream_url"]?.string {
                members["stream_url"] = .string(StreamAddress.url(url, with: credentials, path: path))
            }
            members["stream_credentials"] = nil
            members["stream_path"] = nil
            if let text = texts[.securityConfig] { members["security_config"] = try JSON.parse(text) }
            items[index] = .object(members)
        }
        return JSON.array(items).bytes
    }

    private static func bytes(_ json: JSON?) -> [UInt8]? {
        guard let digits = json?.string.map({ Array($0.utf8) }), digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Character(UnicodeScalar(digits[index])).hexDigitValue,
                let low = Character(UnicodeScalar(digits[index + 1])).hexDigitValue
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
