internal import Contracts
internal import IdentityModel
internal import Planning

/// An account as its system shows it, to be held against what an order wants.
struct Sighting: Sendable {
    let account: ActualAccount
    private let attributes: [String: [String]]

    init(_ account: ActualAccount) {
        self.account = account
        attributes = Dictionary(account.attributes.map { ($0.lowercased(), $1) }, uniquingKeysWith: { first, _ in first })
    }

    func values(_ attribute: String) -> [String] { attributes[attribute.lowercased()] ?? [] }

    /// The request is done already, as far as one can see. `values` are those of the request, references resolved. Memberships are never seen so: what an
    /// entry shows of its groups may be stale, or nothing at all.
    func shows(_ request: AttributeRequest, _ values: [String]) -> Bool {
        // Secrets are not read, and after a lost answer they are sent anew.
        if request.holdsDigest { return false }
        switch (request.kind, request.operation) {
        case (.membership, _):
            return false
        case (.attribute, .add):
            return missing(request, values).isEmpty
        case (.attribute, .remove):
            let actual = comparable(self.values(request.name), request)
            return values.isEmpty ? actual.isEmpty : comparable(values, request).isDisjoint(with: actual)
        case (.attribute, .set):
            return comparable(values, request) == comparable(self.values(request.name), request)
        }
    }

    /// Of the values the request wants, those that are not there.
    func missing(_ request: AttributeRequest, _ values: [String]) -> [String] {
        let actual = comparable(self.values(request.name), request)
        return request.isReference ? values.filter { !actual.contains(Sighting.folded($0)) } : values.filter { !actual.contains($0) }
    }

    /// Capitals count in what names the entry itself (a correction must reach it), and not in what it stands below (servers write that as they please).
    func isNamed(_ name: AccountName) -> Bool {
        let (actual, wanted) = (account.name, name)
        guard Sighting.folded(actual.text) == Sighting.folded(wanted.text) else { return false }
        return Sighting.unescaped(actual.ownPart) == Sighting.unescaped(wanted.ownPart)
    }

    /// Values are a set (RFC 4512 section 2.2); references are names of entries and compare as names do.
    private func comparable(_ values: [String], _ request: AttributeRequest) -> Set<String> {
        request.isReference ? Set(values.map(Sighting.folded)) : Set(values)
    }

    /// Systems whose names have escapes spell one name in several ways (`\,` and `\2C`, RFC 4514 section 2.4; with a space behind a comma, or none), and ignore case.
    /// Two names that differ only so are taken for one; a wrong "different" would rename an entry to the name it has.
    private static func folded(_ name: String) -> String { unescaped(name).lowercased() }

    private static func unescaped(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: ",") }) else { return name }
        var bytes: [UInt8] = []
        var rest = Array(name.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let next = rest.first else {
                bytes.append(byte)
                if byte == UInt8(ascii: ",") { rest = rest.drop { $0 == UInt8(ascii: " ") } }
                continue
            }
            let pair = String(decoding: rest.prefix(2), as: UTF8.self)
            if pair.utf8.count == 2, pair.allSatisfy(\.isHexDigit), let value = UInt8(pair, radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(next)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension AccountName {
    /// The name without the container it stands in.
    fileprivate var ownPart: String { String(text.dropLast(container.isEmpty ? 0 : container.count + 1)) }
}
