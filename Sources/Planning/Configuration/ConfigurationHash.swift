internal import Crypto

/// What tells one configuration from another. A row is skipped only under the configuration it was last evaluated with.
package enum ConfigurationHash {
    /// SHA-256 in hexadecimal over every file's path and bytes, sorted by path. Lengths stand before both, so that no two
    /// sets of files run together into the same bytes.
    package static func hexadecimal(of files: [String: [UInt8]]) -> String {
        var hash = SHA256()
        for (path, bytes) in files.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            hash.update(data: Array("\(path.utf8.count) \(path) \(bytes.count) ".utf8))
            hash.update(data: bytes)
        }
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
