internal import Hashing

/// What tells one configuration from another. A row is skipped only under the configuration it was last evaluated with.
package enum ConfigurationHash {
    /// SHA-256 in hexadecimal over every file's path and bytes, sorted by path. Lengths stand before both, so that no two
    /// sets of files run together into the same bytes.
    ///
    /// `outside` are the values that come from the environment or from other files, by name; they count as files do. Without any the hash is that of the files.
    package static func hexadecimal(of files: [String: [UInt8]], outside: [String: String] = [:]) -> String {
        var hash = SHA256()
        for (path, bytes) in files.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            hash.update("\(path.utf8.count) \(path) \(bytes.count) ")
            hash.update(bytes)
        }
        for (name, text) in outside.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            hash.update("\(name.utf8.count) \(name) \(text.utf8.count) \(text)")
        }
        return Planning.hexadecimal(hash.finalized())
    }

    /// What tells one value of a setting from another without keeping it.
    package static func digest(of value: String) -> String { String(Planning.hexadecimal(SHA256.hash(value)).prefix(16)) }
}
