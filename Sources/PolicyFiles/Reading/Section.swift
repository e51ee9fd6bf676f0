internal import CEL

/// A mapping whose keys are known: anything else in it is reported.
struct Section {
    let file: ConfigurationFile
    let node: YAMLNode
    let entries: [YAMLEntry]
    /// How messages call it: `source 'hr'`; "" for a whole file.
    let name: String
    /// Keys that were meant by unknown ones, as far as one can tell.
    private let misspelt: Set<String>

    /// Nil when the node is no mapping, which is reported.
    init?(_ node: YAMLNode, named name: String, keys: [String], in file: ConfigurationFile) {
        guard let entries = file.mapping(node, named: name) else { return nil }
        self.file = file
        self.node = node
        self.name = name
        self.entries = entries.filter { keys.contains($0.key) }
        let unknown = entries.filter { !keys.contains($0.key) }
        misspelt = Set(unknown.compactMap { nearest($0.key, in: keys) })
        for entry in unknown { file.reportUnknown(entry, keys: keys) }
    }

    /// Keys that are accepted and checked, but not acted on yet: `check` says so.
    static let notYetActedOn: Set<String> = ["grace", "schedule"]

    subscript(_ key: String) -> YAMLNode? {
        guard let entry = entries.first(where: { $0.key == key }) else { return nil }
        return entry.value
    }

    func entry(_ key: String) -> YAMLEntry? { entries.first { $0.key == key } }

    /// The node of a key that must be there.
    func required(_ key: String) -> YAMLNode? {
        if let node = self[key] { return node }
        // It is there under another name, which was said.
        if misspelt.contains(key) { return nil }
        let place = name.isEmpty ? "" : " in \(name)"
        file.error("the key '\(key)' is missing\(place)", at: node.point, length: 1)
        return nil
    }

    func noteWhatIsNotActedOn() {
        for entry in entries where Section.notYetActedOn.contains(entry.key) {
            file.warning(
                .keyNotActedOn, "the key '\(entry.key)' is accepted, but not acted on yet", at: entry.keyPoint,
                length: entry.keyLength)
        }
    }
}

extension ConfigurationFile {
    /// The entries of a mapping; nil (and a message) for anything else.
    func mapping(_ node: YAMLNode, named name: String) -> [YAMLEntry]? {
        if node.isRefused { return nil }
        guard let entries = node.mapping else {
            let subject = name.isEmpty ? "the file" : name
            error("\(subject) must be a mapping of keys to values, not \(node.kind)", at: node)
            return nil
        }
        return entries
    }

    func reportUnknown(_ entry: YAMLEntry, keys: [String]) {
        if entry.value.isFlow, entry.value.scalar?.isEmpty == true,
            entry.key.unicodeScalars.contains(where: { "()[]\"'?:.+ ".unicodeScalars.contains($0) })
        {
            error(
                "'\(entry.key)' has no value: it looks like the rest of an expression that was cut at ','; an expression in { } or [ ] must be quoted",
                at: entry.keyPoint, length: entry.keyLength)
            return
        }
        let near = nearest(entry.key, in: keys)
        let known = near == nil ? "; known here: \(keys.sorted().joined(separator: ", "))" : ""
        error("unknown key '\(entry.key)'\(known)", at: entry.keyPoint, length: entry.keyLength, suggestion: near)
    }
}
