/// The challenges of an answer that asks for a password (RFC 7616), in the lines of its head.
///
/// FFmpeg answers one challenge of the scheme Digest, the last one, and by MD5 alone. Of a camera that offers other
/// algorithms beside it, it is to see the one that it can answer.
enum DigestChallenges {
    /// The lines without the challenges that FFmpeg cannot answer; all of them where it can answer none.
    static func answerable(in lines: [String]) -> [String] {
        let challenges = lines.filter(isDigest)
        guard challenges.contains(where: isByMD5), !challenges.allSatisfy(isByMD5) else { return lines }
        return lines.filter { !isDigest($0) || isByMD5($0) }
    }

    private static func isDigest(_ line: String) -> Bool {
        line.prefixMatch(of: /(?i)(www|proxy)-authenticate:[ \t]*digest[ \t]/) != nil
    }

    /// Which it is, too, where the challenge names no algorithm.
    private static func isByMD5(_ challenge: String) -> Bool {
        guard let named = challenge.firstMatch(of: /(?i)[ \t,]algorithm[ \t]*=[ \t]*"?([A-Z0-9-]+)/) else {
            return true
        }
        return ["md5", "md5-sess"].contains(named.1.lowercased())
    }
}
