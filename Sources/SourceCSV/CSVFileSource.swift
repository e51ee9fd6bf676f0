internal import CSV
package import Contracts
internal import Foundation
package import IdentityModel

/// How a source's files are found and read.
package struct CSVFileSettings: Sendable, Hashable {
    /// Relative paths start here.
    package let directory: String
    /// Glob below the directory ("hr/*.csv"): `*` and `?` in the last component.
    package let pattern: String
    /// Only the last by name, or every one in name order.
    package let takesLatestOnly: Bool
    /// `complete: marker`: a file counts only when FILE.done stands beside it. Else a file that still grows is waited for.
    package let needsMarker: Bool
    /// One character; nil = detected and reported.
    package let delimiter: String?
    /// `utf-8`, `utf-16le`, `utf-16be`, `windows-1252`; nil = detected and reported.
    package let encoding: String?

    package init(directory: String, pattern: String, takesLatestOnly: Bool, needsMarker: Bool, delimiter: String?, encoding: String?) {
        self.directory = directory
        self.pattern = pattern
        self.takesLatestOnly = takesLatestOnly
        self.needsMarker = needsMarker
        self.delimiter = delimiter
        self.encoding = encoding
    }
}

/// HR files: a failed read throws, an empty read is a file without rows, and neither is taken for the other.
package struct CSVFileSource: SyncSource {
    private let settings: CSVFileSettings

    /// Batches read ahead of the one being worked on, about a megabyte each.
    private static let readAhead = 6

    package init(_ settings: CSVFileSettings) { self.settings = settings }

    package func files() async throws(SourceError) -> [String] {
        let (names, candidates) = try listed()
        var files = candidates
        if settings.needsMarker { files = files.filter { names.contains($0 + Self.marker) } }
        if settings.takesLatestOnly { files = Array(files.suffix(1)) }
        let paths = files.map(reported)
        for path in paths {
            let state = try state(of: path)
            try state.requireRegular(path)
            if !settings.needsMarker { try await waitUntilStable(path, state) }
        }
        return paths
    }

    package func passedOver() async throws(SourceError) -> [String] {
        guard settings.needsMarker else { return [] }
        let (names, candidates) = try listed()
        let waiting = candidates.reversed().prefix { !names.contains($0 + Self.marker) }
        return waiting.reversed().map { "\(reported($0)) is newer, but not complete yet: there is no \($0)\(Self.marker)" }
    }

    /// Every name in the folder, and those that the pattern fits, in the order of their bytes.
    private func listed() throws(SourceError) -> (names: Set<String>, candidates: [String]) {
        let pattern = (settings.pattern as NSString).lastPathComponent
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: absolute(folder))
        } catch {
            throw SourceError(file: folder.isEmpty ? "." : folder, message: "the folder cannot be listed: \(reason(error))")
        }
        let candidates = names.filter { fnmatch(pattern, $0, 0) == 0 && !(settings.needsMarker && $0.hasSuffix(Self.marker)) }
        return (Set(names), candidates.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    private static let marker = ".done"

    private var folder: String { (settings.pattern as NSString).deletingLastPathComponent }

    private func reported(_ name: String) -> String { folder.isEmpty ? name : folder + "/" + name }

    package func signature(of file: String) async throws(SourceError) -> String { try state(of: file).signature }

    package func read(
        _ file: String, header: @Sendable (SourceHeader) async throws -> Void, batch: @Sendable (SourceRowBatch) async throws -> Void
    ) async throws -> SourceEnd {
        let reading = CSVReading(path: absolute(file), name: file, format: try format(for: file), readAhead: Self.readAhead)
        // Before it is opened: what is written to it afterwards is another file, and a change while it is read refuses it.
        let signature = FileState(path: absolute(file))?.signature ?? ""
        reading.start()
        defer { reading.stop() }
        var digest = ContentDigest()
        var hasHeader = false
        for try await step in reading.steps {
            switch step {
            case .rows(let found, let rows):
                if !hasHeader { try await header(found) }
                hasHeader = true
                digest.add(rows.hashes)
                try await batch(rows)
                reading.consumed()
            case .end: return SourceEnd(contentDigest: digest.text, signature: signature)
            }
        }
        // The stream of a cancelled task simply ends: that is no end of the file.
        try Task.checkCancellation()
        throw SourceError(file: file, message: "reading stopped before the end of the file")
    }

    private func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : settings.directory + "/" + path
    }

    private func format(for file: String) throws(SourceError) -> CSVFormat {
        var format = CSVFormat()
        if let delimiter = settings.delimiter {
            guard let byte = delimiter.utf8.first, delimiter.utf8.count == 1, CSVFormat.canDelimit(byte) else {
                throw SourceError(
                    file: file, message: "'\(delimiter)' cannot be a delimiter; use one ASCII character other than a quote or a line ending"
                )
            }
            format.delimiter = byte
        }
        if let encoding = settings.encoding {
            guard let known = TextEncoding(rawValue: encoding.lowercased()) else {
                let names = TextEncoding.allCases.map(\.rawValue).joined(separator: ", ")
                throw SourceError(file: file, message: "the encoding '\(encoding)' is unknown; use auto, \(names)")
            }
            format.encoding = known
        }
        return format
    }

    /// `complete: stable`: size, time of the last writing and inode have not changed for two seconds. A file that was last written earlier than
    /// that is complete at once.
    private func waitUntilStable(_ file: String, _ found: FileState) async throws(SourceError) {
        let quiet: TimeInterval = 2
        var before = found
        for _ in 0..<300 {
            let age = before.age
            if age >= quiet { return }
            do {
                try await Task.sleep(for: .seconds(max(0.1, quiet - max(0, age))))
            } catch {
                throw SourceError(file: file, message: "waiting for the file to be complete was interrupted")
            }
            let after = try state(of: file)
            // A time of writing in the future (a clock that runs ahead) must not make us wait for it.
            if before.difference(to: after) == nil { return }
            before = after
        }
        throw SourceError(file: file, message: "the file is still growing after ten minutes")
    }

    private func state(of file: String) throws(SourceError) -> FileState {
        guard let state = FileState(path: absolute(file)) else {
            throw SourceError(file: file, message: "the file cannot be looked at: \(String(cString: strerror(errno)))")
        }
        return state
    }

    private func reason(_ error: any Error) -> String {
        (error as NSError).localizedDescription
    }
}

/// 128 bits over the rows' content hashes in order: tells whether a file's content was taken before. Not for security.
private struct ContentDigest {
    private var first: UInt64 = 0x9E37_79B9_7F4A_7C15
    private var second: UInt64 = 0xD1B5_4A32_D192_ED03

    mutating func add(_ hashes: [UInt64]) {
        for hash in hashes {
            first = (first ^ hash) &* 0x9FB2_1C65_1E98_DF25
            first ^= first >> 29
            second = (second &+ hash) &* 0xD6E8_FEB8_6659_FD93
            second ^= second >> 32
        }
    }

    var text: String {
        [first, second].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
