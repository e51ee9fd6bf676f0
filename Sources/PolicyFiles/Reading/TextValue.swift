internal import IdentityModel
internal import Planning

/// A scalar as it counts: written literally, or taken from `{env: NAME, default: VALUE}` or `{file: PATH}`.
struct TextValue {
    enum Origin: Sendable { case literal, environment, standard, file }

    let text: String
    let origin: Origin
    let point: SourcePoint
    let length: Int
}

extension ConfigurationFile {
    /// The text of a key's value; nil (and a message) when there is none.
    func text(_ node: YAMLNode, _ key: String, isSecret: Bool = false) -> TextValue? {
        switch node.content {
        case .refused: return nil
        case .list:
            error("'\(key)' must be a text, not a list", at: node)
            return nil
        case .mapping: return indirectText(node, key, isSecret: isSecret)
        case .scalar(let scalar):
            guard !scalar.isEmpty, !(scalar.style == .plain && ["~", "null", "Null", "NULL"].contains(scalar.text)) else {
                error("'\(key)' has no value", at: node)
                return nil
            }
            return TextValue(text: scalar.text, origin: .literal, point: scalar.textPoint, length: scalar.firstLineLength)
        }
    }

    /// A text of at least one character.
    func nonEmptyText(_ node: YAMLNode, _ key: String) -> TextValue? {
        guard let value = text(node, key) else { return nil }
        guard !value.text.isEmpty else {
            error("'\(key)' must not be empty", at: value.point, length: value.length)
            return nil
        }
        return value
    }

    private func indirectText(_ node: YAMLNode, _ key: String, isSecret: Bool) -> TextValue? {
        guard let section = Section(node, named: "'\(key)'", keys: PolicyMapShapes.outside.names, in: self) else { return nil }
        if let path = section["file"] {
            if section.entries.count > 1 { error("'file' stands alone: neither 'env' nor 'default' go with it", at: node.point, length: 1) }
            let value = fileText(path, key)
            if let value, !isSecret, let name = path.scalar?.text { noteOutside("file \(name)", value.text) }
            return value
        }
        guard let nameNode = section.required("env"), let name = text(nameNode, "env") else { return nil }
        let found = values.environment[name.text]
        // A CI that knows no secret sets its variable to nothing; an empty password would bind as nobody (RFC 4513 section 5.1.2).
        let isUnset = found == nil || (found == "" && missingSettings != nil)
        if let text = found, !isUnset {
            if !isSecret { noteOutside("env \(name.text)", text) }
            return TextValue(text: text, origin: .environment, point: name.point, length: name.length)
        }
        if let standard = section["default"] {
            guard let value = text(standard, "default") else { return nil }
            if !isSecret { noteOutside("env \(name.text)", value.text) }
            return TextValue(text: value.text, origin: .standard, point: value.point, length: value.length)
        }
        let remedy = isSecret ? "set it" : "set it, or give a 'default'"
        reportMissing(
            key, "'\(key)' needs the environment variable \(name.text), which is \(found == nil ? "not set" : "empty"); \(remedy)",
            at: name.point, length: name.length)
        return nil
    }

    /// A value from outside is not there: an error, unless it may come later.
    private func reportMissing(_ key: String, _ message: String, at point: SourcePoint, length: Int) {
        guard missingSettings != nil else { return error(message, at: point, length: length) }
        missingSettings?.append(
            MissingSetting(key: key, message: message, position: position(point), length: length, excerpt: text.line(point.line) ?? ""))
    }

    /// Says which settings the environment lacks: an error where nothing can be read without them, else a warning.
    func report(_ missing: [MissingSetting], areNeeded: Bool) {
        for setting in missing {
            let point = SourcePoint(line: setting.position.line, column: setting.position.column)
            if areNeeded {
                error(setting.message, at: point, length: setting.length)
            } else {
                warning(.unsetSetting, setting.message, at: point, length: setting.length)
            }
        }
    }

    private func fileText(_ node: YAMLNode, _ key: String) -> TextValue? {
        guard let path = nonEmptyText(node, "file") else { return nil }
        guard let bytes = values.readSecretFile(path.text) else {
            reportMissing(
                key, "'\(key)' is in the file '\(path.text)', which cannot be read", at: path.point, length: path.length)
            return nil
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            error("'\(key)' is in the file '\(path.text)', which is not UTF-8", at: path.point, length: path.length)
            return nil
        }
        let withoutEnd = text.hasSuffix("\r\n") || text.hasSuffix("\n") ? String(text.dropLast()) : text
        return TextValue(text: withoutEnd, origin: .file, point: path.point, length: path.length)
    }

    /// A value that must come from the environment or a file. What was written instead is never shown.
    func secret(_ node: YAMLNode, _ key: String) -> Sensitive<String>? {
        if let scalar = node.scalar {
            conceal(scalar)
            error(
                "'\(key)' is a secret and must not stand in the file; write { env: NAME } or { file: PATH }", at: scalar.textPoint,
                length: 1)
            return nil
        }
        if let standard = node["default"] {
            if let scalar = standard.scalar { conceal(scalar) }
            error(
                "'\(key)' is a secret: its 'default' would stand in the file; leave it out",
                at: standard.scalar?.textPoint ?? standard.point, length: 1)
            return nil
        }
        return text(node, key, isSecret: true).map { Sensitive($0.text) }
    }

    private func conceal(_ scalar: YAMLScalar) {
        diagnostics.conceal(path, scalar.point)
        for place in scalar.places where place.line > scalar.point.line {
            diagnostics.conceal(path, SourcePoint(line: place.line, column: 1))
        }
    }

    /// A list of texts; nil (and messages) when it is none or an element is none.
    func texts(_ node: YAMLNode, _ key: String) -> [TextValue]? {
        if node.isRefused { return nil }
        guard let nodes = node.list else {
            error("'\(key)' must be a list, not \(node.kind)", at: node)
            return nil
        }
        let values = nodes.compactMap { nonEmptyText($0, key) }
        return values.count == nodes.count ? values : nil
    }
}
