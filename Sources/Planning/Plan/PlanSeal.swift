internal import Hashing
package import IdentityModel

/// SHA-256 over the canonical text of a plan: its configuration hash, and the document of every user
/// change and order in sequence, each on a line. The plan's number and row are not part of it, so that the same plan made
/// again has the same seal.
package struct PlanSeal: ~Copyable {
    private var hash = SHA256()

    /// The day is not part of it: its consequences are, and an approval does not end at midnight.
    package init(origin: Origin, configurationHash: String) {
        add(line: "birthright plan 1")
        add(line: "origin \(origin)")
        add(line: "configuration \(configurationHash)")
    }

    package mutating func add(_ document: UnsafeRawBufferPointer) {
        hash.update(document)
        hash.update("\n")
    }

    private mutating func add(line: String) {
        var copy = line
        copy.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    /// Lower-case hexadecimal.
    package func finalized() -> String { hexadecimal(hash.finalized()) }
}
