internal import CRE2

/// A regular expression in RE2's syntax. Matching takes time linear in the text, whatever the pattern.
///
/// Positions are UTF-8 offsets into the text that was searched.
package final class LinearRegex: @unchecked Sendable {
    // RE2 objects are safe for use by several threads at once (re2.h), and the pointer never changes.
    private let handle: OpaquePointer
    package let pattern: String
    /// Number of capturing groups; the whole match is not counted.
    package let groupCount: Int
    /// How many instructions it was compiled to: compiling takes time in proportion to it, and so may a search, for each byte.
    package let programSize: Int

    /// Why RE2 refuses a pattern, in its own words.
    package struct PatternError: Error, Sendable, Equatable {
        package let reason: String
    }

    package init(_ pattern: String) throws(PatternError) {
        var text = pattern
        let created = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { cre2_new($0.baseAddress, $0.count) }
        }
        guard let created else { throw PatternError(reason: "out of memory") }
        if let reason = cre2_error(created) {
            let words = String(cString: reason)
            cre2_free(created)
            throw PatternError(reason: words)
        }
        handle = created
        groupCount = Int(cre2_groups(created))
        programSize = Int(cre2_program_size(created))
        self.pattern = pattern
    }

    deinit { cre2_free(handle) }

    /// Whether the pattern occurs somewhere in the text.
    package func matches(_ text: String) -> Bool {
        search(text, from: 0, whole: false, spans: 0) != nil
    }

    /// Whether the pattern matches the text from its first to its last byte.
    package func matchesWhole(_ text: String) -> Bool {
        search(text, from: 0, whole: true, spans: 0) != nil
    }

    /// The first match at or after `start`: the whole match, then each group (nil when it took no part).
    package func firstMatch(in text: String, from start: Int = 0) -> [Range<Int>?]? {
        search(text, from: start, whole: false, spans: groupCount + 1)
    }

    private func search(_ text: String, from start: Int, whole: Bool, spans: Int) -> [Range<Int>?]? {
        var text = text
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                var found = [Int64](repeating: -1, count: 2 * spans)
                guard cre2_match(handle, characters.baseAddress, characters.count, start, whole, &found, Int32(spans)) else { return nil }
                return (0..<spans).map { found[2 * $0] < 0 ? nil : Int(found[2 * $0])..<Int(found[2 * $0 + 1]) }
            }
        }
    }
}
