/// Where in a SCIM resource a value stands (RFC 7644, 3.5.2 and 3.10): `title`, `name.givenName`, `emails[type eq "work"].value`,
/// `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value`.
///
/// Names count whatever their capitals are. Of filters those are known that say what members equal, joined by `and`.
struct SCIMPath: Hashable, Sendable, CustomStringConvertible {
    struct Equality: Hashable, Sendable {
        let name: String
        let value: JSONValue
    }

    struct Malformed: Error, Hashable, CustomStringConvertible { let description: String }

    /// The URN of an extension; nil: the attribute is one of the resource itself.
    let schema: String?
    let attribute: String
    /// Which elements of a list are meant; empty: the attribute as a whole.
    let filter: [Equality]
    let sub: String?

    init(schema: String? = nil, attribute: String, filter: [Equality] = [], sub: String? = nil) {
        self.schema = schema
        self.attribute = attribute
        self.filter = filter
        self.sub = sub
    }

    init(_ text: String) throws(Malformed) {
        var head = text[...]
        var sub: String?
        var filter: [Equality] = []
        if let open = text.firstIndex(of: "[") {
            guard let close = text.lastIndex(of: "]"), open < close else { throw Malformed(description: "'\(text)': a bracket is open") }
            head = text[..<open]
            filter = try SCIMPath.filter(text[text.index(after: open)..<close], in: text)
            let tail = text[text.index(after: close)...]
            if !tail.isEmpty {
                guard tail.first == ".", SCIMPath.isName(tail.dropFirst()) else {
                    throw Malformed(description: "'\(text)': behind ']' comes '.' and a name, or nothing")
                }
                sub = String(tail.dropFirst())
            }
        }
        // The version in a URN has a dot as well: the attribute stands behind the last colon.
        var schema: String?
        if head.lowercased().hasPrefix("urn:"), let colon = head.lastIndex(of: ":") {
            schema = String(head[..<colon])
            head = head[head.index(after: colon)...]
        }
        if sub == nil, filter.isEmpty, let dot = head.firstIndex(of: ".") {
            sub = String(head[head.index(after: dot)...])
            head = head[..<dot]
        }
        guard SCIMPath.isName(head), sub.map({ SCIMPath.isName($0[...]) }) ?? true else {
            throw Malformed(description: "'\(text)' is no path to an attribute")
        }
        self.init(schema: schema, attribute: String(head), filter: filter, sub: sub)
    }

    /// `nameChar` of RFC 7643, 2.1, and `$ref`.
    private static func isName(_ text: Substring) -> Bool {
        let name = text.first == "$" ? text.dropFirst() : text
        return name.first?.isLetter == true && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }

    private static func filter(_ text: Substring, in path: String) throws(Malformed) -> [Equality] {
        var equalities: [Equality] = []
        for part in try parts(text, in: path) {
            let words = part.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
            guard words.count == 3, words[1].lowercased() == "eq", isName(words[0]),
                let value = try? JSONValue(parsing: Array(words[2].utf8)),
                value.text != nil
            else { throw Malformed(description: "'\(path)': a filter says NAME eq VALUE, and more of them behind 'and'") }
            equalities.append(Equality(name: String(words[0]), value: value))
        }
        return equalities
    }

    /// What stands between `and`s that are in no text.
    private static func parts(_ text: Substring, in path: String) throws(Malformed) -> [String] {
        var parts = [""]
        var word = ""
        var isInText = false
        var isEscaped = false
        for character in text + " " {
            if isInText {
                word.append(character)
                if !isEscaped, character == "\"" { isInText = false }
                isEscaped = !isEscaped && character == "\\"
            } else if character == " " {
                if word.lowercased() == "and" {
                    parts.append("")
                } else {
                    parts[parts.count - 1] += (parts[parts.count - 1].isEmpty ? "" : " ") + word
                }
                word = ""
            } else {
                isInText = character == "\""
                word.append(character)
            }
        }
        guard !isInText else { throw Malformed(description: "'\(path)': a text in the filter does not end") }
        return parts
    }

    /// The same path is the same text, however it was spelled; but for capitals.
    var description: String {
        let filter = filter.map { "\($0.name) eq \(String(decoding: $0.value.bytes, as: UTF8.self))" }.joined(separator: " and ")
        return (schema.map { $0 + ":" } ?? "") + attribute + (filter.isEmpty ? "" : "[\(filter)]") + (sub.map { "." + $0 } ?? "")
    }

    /// The same without what it means of the attribute's elements.
    var whole: SCIMPath { SCIMPath(schema: schema, attribute: attribute) }
}

extension SCIMPath {
    /// The filter that means resources with this value here (RFC 7644, 3.4.2.2).
    func filter(equals value: String) -> String {
        guard !filter.isEmpty else { return "\(self) eq \(value.filterText)" }
        let conditions =
            filter.map { "\($0.name) eq \(String(decoding: $0.value.bytes, as: UTF8.self))" } + ["\(sub ?? "value") eq \(value.filterText)"]
        return "\(whole)[\(conditions.joined(separator: " and "))]"
    }
}
