import Foundation

/// The Swift files below one top folder of the repository, as text.
struct SourceTree {
    struct File: Sendable {
        /// Relative to the top folder: `CEL/Functions/Calendar.swift`.
        let path: String
        let lines: [Substring]
        var lineCount: Int { lines.count - 1 }
        /// The lines without comments and without what stands in string literals, so that only code is judged.
        let code: [String]
        let imports: [Import]

        init(path: String, text: String) {
            self.path = path
            lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            code = Self.code(lines)
            imports = Self.imports(code)
        }

        var module: String { path.split(separator: "/").first.map(String.init) ?? "" }
        /// Relative to the module's folder: `Functions/Calendar.swift`.
        var pathInModule: String { path.split(separator: "/").dropFirst().joined(separator: "/") }
        var name: String { path.split(separator: "/").last.map(String.init) ?? "" }
    }

    let files: [File]

    /// The repository this file stands in.
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func sources() throws -> SourceTree { try readSources.get() }
    static func tests() throws -> SourceTree { try readTests.get() }

    // Read once for all tests.
    private static let readSources = Result { try read("Sources") }
    private static let readTests = Result { try read("Tests") }

    /// Every Swift file below a top folder, by path.
    private static func read(_ top: String) throws -> SourceTree {
        let folder = repository.appendingPathComponent(top, isDirectory: true).resolvingSymlinksInPath()
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }.sorted()
        return SourceTree(
            files: try paths.map { File(path: $0, text: try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8)) })
    }

    static func document(_ name: String) throws -> String {
        try String(contentsOf: repository.appendingPathComponent(name), encoding: .utf8)
    }
}

extension SourceTree.File {
    struct Import: Hashable {
        let module: String
        let line: Int
    }

    /// `internal import struct Foundation.Date` is Foundation.
    private static func imports(_ code: [String]) -> [Import] {
        let form = /\s*(?:@\w+(?:\(\w+\))?\s+)*(?:(?:public|package|internal|private|fileprivate)\s+)?import\s+(.+)/
        return code.enumerated().compactMap { index, line in
            guard line.contains("import "), let match = line.wholeMatch(of: form) else { return nil }
            let words = match.1.split(separator: " ")
            return words.last.map { Import(module: String($0.prefix { $0 != "." }), line: index + 1) }
        }
    }

    private static func code(_ lines: [Substring]) -> [String] {
        var isBlockComment = false
        var isLongString = false
        return lines.map { line in
            if isLongString || line.contains("\"\"\"") {
                let marks = line.components(separatedBy: "\"\"\"").count - 1
                if marks % 2 == 1 { isLongString.toggle() }
                return ""
            }
            return code(of: line, &isBlockComment)
        }
    }

    private static func code(of line: Substring, _ isBlockComment: inout Bool) -> String {
        var code: [UInt8] = []
        var isString = false
        var rest = line.utf8[...]
        while let byte = rest.first {
            let next = rest.dropFirst().first
            if isBlockComment {
                isBlockComment = !(byte == UInt8(ascii: "*") && next == UInt8(ascii: "/"))
                rest = rest.dropFirst(isBlockComment ? 1 : 2)
            } else if isString {
                if byte == UInt8(ascii: "\"") { isString = false }
                rest = rest.dropFirst(byte == UInt8(ascii: "\\") ? 2 : 1)
            } else if byte == UInt8(ascii: "/"), next == UInt8(ascii: "/") {
                break
            } else if byte == UInt8(ascii: "/"), next == UInt8(ascii: "*") {
                isBlockComment = true
                rest = rest.dropFirst(2)
            } else {
                if byte == UInt8(ascii: "\"") { isString = true } else { code.append(byte) }
                rest = rest.dropFirst()
            }
        }
        return String(decoding: code, as: UTF8.self)
    }
}
