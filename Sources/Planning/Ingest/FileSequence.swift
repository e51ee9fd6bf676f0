package import IdentityModel

/// The files of a source with `take: all`, which are taken in the order of their names, one plan each.
package struct FileSequence: Sendable {
    private let folder: Substring
    /// The name up to which files were taken; empty before the first.
    private let last: String
    /// The name behind which it is known which files were taken, and what they held. While the source took the latest file only, others were
    /// passed over, and that is no news.
    package let knownFrom: String

    package init(_ source: SourceConfiguration, previous: SourceProfile?) {
        folder = FileSequence.folder(of: source.files)
        let last = previous.map { $0.upTo ?? $0.file } ?? ""
        self.last = last
        knownFrom = previous == nil ? "" : previous?.knownFrom ?? last
    }

    package func next(of files: [String]) -> String? { files.first { isBehind($0) } }

    /// Those whose turn is over, as far as it is known what became of them.
    package func passed(_ files: [String]) -> [String] {
        files.filter { !last.isEmpty && !isBehind($0) && FileSequence.precedes(knownFrom, $0) }
    }

    /// Of files whose turn is over, those that were not taken: they came too late. `taken`: what each held when it was, by name.
    package func late(_ files: [String], taken: [String: String]) -> [String] { passed(files).filter { taken[$0] == nil } }

    /// The last file that was taken, where it is still there and may hold something else by now; and what it held.
    package func toCompare(_ files: [String], taken: [String: String]) -> (file: String, digest: String)? {
        guard passed(files).contains(last), let digest = taken[last] else { return nil }
        return (last, digest)
    }

    /// The file, or one whose name comes after it, was taken before. One that was picked by hand from elsewhere goes by its name alone.
    package func isResent(_ file: String) -> Bool { !last.isEmpty && !isBehind(file) }

    /// The name up to which files are taken after this one: never back, and not by a file that is none of the source's own.
    package func last(after file: String) -> String {
        FileSequence.folder(of: file) == folder && isBehind(file) ? file : last
    }

    private func isBehind(_ file: String) -> Bool { FileSequence.precedes(last, file) }

    private static func precedes(_ name: String, _ file: String) -> Bool {
        FileSequence.name(of: name).utf8.lexicographicallyPrecedes(FileSequence.name(of: file).utf8)
    }

    private static func folder(of path: String) -> Substring { path.lastIndex(of: "/").map { path[..<$0] } ?? "" }
    private static func name(of path: String) -> Substring {
        path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
    }
}
