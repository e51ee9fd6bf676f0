package import IdentityModel

/// The files of a source with `take: all`, which are taken in the order of their names, one plan each.
package struct FileSequence: Sendable {
    private let folder: Substring
    /// The name up to which files were taken; empty before the first.
    private let last: String

    package init(_ source: SourceConfiguration, previous: SourceProfile?) {
        folder = FileSequence.folder(of: source.files)
        last = previous.map { $0.upTo ?? $0.file } ?? ""
    }

    package func next(of files: [String]) -> String? { files.first { isBehind($0) } }

    /// The file, or one whose name comes after it, was taken before. One that was picked by hand from elsewhere goes by its name alone.
    package func isResent(_ file: String) -> Bool { !last.isEmpty && !isBehind(file) }

    /// The name up to which files are taken after this one: never back, and not by a file that is none of the source's own.
    package func last(after file: String) -> String {
        FileSequence.folder(of: file) == folder && isBehind(file) ? file : last
    }

    private func isBehind(_ file: String) -> Bool {
        FileSequence.name(of: last).utf8.lexicographicallyPrecedes(FileSequence.name(of: file).utf8)
    }

    private static func folder(of path: String) -> Substring { path.lastIndex(of: "/").map { path[..<$0] } ?? "" }
    private static func name(of path: String) -> Substring {
        path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
    }
}
