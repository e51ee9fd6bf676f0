package import IdentityModel

/// The files of a source with `take: all`, which are taken in the order of their names, one plan each.
package struct FileSequence: Sendable {
    private let folder: Substring
    /// The name up to which files were taken; empty before the first.
    private let last: String
    /// A store, or a source that took the latest file only, does not know yet which files were taken: those that are there now are passed over.
    package let isToPassOver: Bool

    package init(_ source: SourceConfiguration, previous: SourceProfile?) {
        folder = FileSequence.folder(of: source.files)
        last = previous.map { $0.upTo ?? $0.file } ?? ""
        isToPassOver = previous.map { !$0.knowsFiles } ?? false
    }

    package func next(of files: [String]) -> String? { files.first { isBehind($0) } }

    /// Those whose turn is over.
    package func passed(_ files: [String]) -> [String] { files.filter { !last.isEmpty && !isBehind($0) } }

    /// Of files whose turn is over, those that came too late: they were neither applied nor passed over.
    package func late(_ files: [String], known: [String: TakenFile]) -> [String] { passed(files).filter { known[$0] == nil } }

    /// Those that somebody may have written to since their turn: they have to be read to know. `signatures`: as they are now, by name.
    package func touched(_ files: [String], known: [String: TakenFile], signatures: [String: String]) -> [String] {
        passed(files).filter { file in
            guard let applied = known[file] else { return false }
            let now = signatures[file] ?? ""
            return now.isEmpty || now != applied.signature
        }
    }

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
