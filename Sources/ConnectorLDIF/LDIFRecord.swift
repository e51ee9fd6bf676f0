internal import Foundation
internal import IdentityModel

/// A change record (RFC 2849): what is done to one entry.
struct LDIFRecord: Hashable, Sendable {
    struct Line: Hashable, Sendable {
        let name: String
        let value: String
        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    enum Change: Hashable, Sendable {
        case add([Line])
        case delete
        case rename(newName: String, container: String)
        case modify([Modification])
    }

    struct Modification: Hashable, Sendable {
        enum Kind: String, Sendable { case add, delete, replace }
        let kind: Kind
        let attribute: String
        let values: [String]
    }

    /// The account that is changed, in a comment: LDIF has no ids.
    let account: AccountID?
    let name: String
    let change: Change

    static let accountMark = "# birthright account: "

    /// With the empty line that ends it.
    var text: String {
        var text = account.map { "\(LDIFRecord.accountMark)\($0)\n" } ?? ""
        text += LDIFRecord.line("dn", name)
        switch change {
        case .add(let lines):
            text += "changetype: add\n" + lines.map { LDIFRecord.line($0.name, $0.value) }.joined()
        case .delete: text += "changetype: delete\n"
        case .rename(let newName, let container):
            let own = container.isEmpty ? newName : String(newName.dropLast(container.count + 1))
            text +=
                "changetype: modrdn\n" + LDIFRecord.line("newrdn", own) + "deleteoldrdn: 1\n" + LDIFRecord.line("newsuperior", container)
        case .modify(let modifications):
            text += "changetype: modify\n"
            for modification in modifications {
                text += "\(modification.kind.rawValue): \(modification.attribute)\n"
                text += modification.values.map { LDIFRecord.line(modification.attribute, $0) }.joined() + "-\n"
            }
        }
        return text + "\n"
    }

    /// `name: value`, or `name:: base64` where the value is no SAFE-STRING; folded at 76 columns (RFC 2849, notes 2 and 8).
    static func line(_ name: String, _ value: String) -> String {
        let isSafe =
            value.utf8.allSatisfy { $0 < 0x80 && $0 != 0 && $0 != 10 && $0 != 13 }
            && !(value.utf8.first.map { [0x20, 0x3A, 0x3C].contains($0) } ?? false) && value.utf8.last != 0x20
        let text = isSafe ? "\(name): \(value)" : "\(name):: \(Data(value.utf8).base64EncodedString())"
        guard text.utf8.count > 76 else { return text + "\n" }
        // All of it is ASCII by now.
        let bytes = Array(text.utf8)
        var lines = [String(decoding: bytes.prefix(76), as: UTF8.self)]
        for start in stride(from: 76, to: bytes.count, by: 75) {
            lines.append(" " + String(decoding: bytes[start..<min(start + 75, bytes.count)], as: UTF8.self))
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Reads the records of such a file back. What ends without its empty line was being written when its process died.
struct LDIFReader {
    struct Damage: Error { let line: Int }

    /// How many bytes of the text were whole records.
    private(set) var end = 0
    private(set) var records: [LDIFRecord] = []
    /// How many lines they had.
    private(set) var lines = 0
    /// The line behind the mark, which begins the file.
    private(set) var realm: String?

    static let realmMark = "# birthright realm: "

    init(_ text: String) throws {
        var block: [String] = []
        var number = 0
        var offset = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            offset += line.utf8.count + 1
            guard offset <= text.utf8.count else { break }
            guard line.isEmpty else {
                if line.hasPrefix(" "), !block.isEmpty { block[block.count - 1] += line.dropFirst() } else { block.append(String(line)) }
                continue
            }
            try take(block, endingAt: number)
            block = []
            (end, lines) = (offset, number)
        }
    }

    private mutating func take(_ block: [String], endingAt number: Int) throws {
        var account: AccountID?
        var lines: [LDIFRecord.Line] = []
        for line in block {
            if line.hasPrefix(LDIFReader.realmMark) { realm = String(line.dropFirst(LDIFReader.realmMark.count)) }
            if line.hasPrefix(LDIFRecord.accountMark) { account = AccountID(String(line.dropFirst(LDIFRecord.accountMark.count))) }
            if line.hasPrefix("#") { continue }
            guard let parsed = LDIFReader.parsed(line) else { throw Damage(line: number) }
            lines.append(parsed)
        }
        guard let first = lines.first else { return }
        guard first.name == "dn", lines.count > 1, lines[1].name == "changetype",
            let change = LDIFReader.change(lines[1].value, Array(lines.dropFirst(2)))
        else { throw Damage(line: number) }
        records.append(LDIFRecord(account: account, name: first.value, change: change))
    }

    private static func parsed(_ line: String) -> LDIFRecord.Line? {
        if line == "-" { return LDIFRecord.Line("-", "") }
        guard let colon = line.firstIndex(of: ":") else { return nil }
        let name = String(line[..<colon])
        let rest = line[line.index(after: colon)...]
        guard rest.hasPrefix(":") else { return LDIFRecord.Line(name, String(rest.drop { $0 == " " })) }
        guard let data = Data(base64Encoded: String(rest.dropFirst().drop { $0 == " " })) else { return nil }
        return LDIFRecord.Line(name, String(decoding: data, as: UTF8.self))
    }

    private static func change(_ type: String, _ lines: [LDIFRecord.Line]) -> LDIFRecord.Change? {
        switch type {
        case "add": return .add(lines)
        case "delete": return .delete
        case "modrdn":
            guard let own = lines.first(where: { $0.name == "newrdn" })?.value else { return nil }
            let container = lines.first { $0.name == "newsuperior" }?.value ?? ""
            return .rename(newName: container.isEmpty ? own : "\(own),\(container)", container: container)
        case "modify":
            var modifications: [LDIFRecord.Modification] = []
            for part in lines.split(separator: LDIFRecord.Line("-", "")) {
                guard let head = part.first, let kind = LDIFRecord.Modification.Kind(rawValue: head.name) else { return nil }
                modifications.append(.init(kind: kind, attribute: head.value, values: part.dropFirst().map(\.value)))
            }
            return .modify(modifications)
        default: return nil
        }
    }
}
