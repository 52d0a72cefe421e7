import Foundation

/// Base64 for URLs without padding (RFC 4648, section 5), as tokens and keys have it.
package enum Base64URL {
    /// The text of these bytes.
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Nil where the text has any character that is not of this alphabet, or is not what `encode` makes of its bytes: bits
    /// that stand for nothing are zero (RFC 4648, section 3.5), so that no two texts are the same token.
    static func decode(_ text: Substring.UTF8View) -> [UInt8]? {
        var plain: [UInt8] = []
        plain.reserveCapacity(text.count + 3)
        for byte in text {
            switch byte {
            case UInt8(ascii: "-"): plain.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): plain.append(UInt8(ascii: "/"))
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
            default: plain.append(byte)
            }
        }
        while plain.count % 4 != 0 { plain.append(UInt8(ascii: "=")) }
        guard let bytes = Data(base64Encoded: Data(plain)), bytes.base64EncodedData().elementsEqual(plain) else {
            return nil
        }
        return Array(bytes)
    }

    /// As for a part of a text.
    package static func decode(_ text: String) -> [UInt8]? { decode(text[...].utf8) }
}
