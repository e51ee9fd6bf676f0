internal import Contracts
internal import IdentityModel

/// An account as its system shows it, to be held against what an order wants.
struct Sighting: Sendable {
    let account: ActualAccount
    private let attributes: [String: [String]]
    private let memberships: Set<String>

    init(_ account: ActualAccount) {
        self.account = account
        attributes = Dictionary(account.attributes.map { ($0.lowercased(), $1) }, uniquingKeysWith: { first, _ in first })
        memberships = Set(account.memberships.map(Sighting.folded))
    }

    func values(_ attribute: String) -> [String] { attributes[attribute.lowercased()] ?? [] }

    /// The request is done already, as far as one can see. `values` are those of the request, references resolved.
    func shows(_ request: AttributeRequest, _ values: [String]) -> Bool {
        switch (request.kind, request.operation) {
        case (.membership, .add), (.membership, .set):
            return values.allSatisfy { memberships.contains(Sighting.folded($0)) }
        case (.membership, .remove):
            return !values.contains { memberships.contains(Sighting.folded($0)) }
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

    func isNamed(_ name: AccountName) -> Bool { Sighting.folded(account.name.text) == Sighting.folded(name.text) }

    /// Values are a set (RFC 4512 section 2.2); references are names of entries and compare as names do.
    private func comparable(_ values: [String], _ request: AttributeRequest) -> Set<String> {
        request.isReference ? Set(values.map(Sighting.folded)) : Set(values)
    }

    /// Systems whose names have escapes spell one name in several ways (`\,` and `\2C`, RFC 4514 section 2.4), and ignore case.
    /// Two names that differ only so are taken for one; a wrong "different" would rename an entry to the name it has.
    private static func folded(_ name: String) -> String {
        guard name.utf8.contains(UInt8(ascii: "\\")) else { return name.lowercased() }
        var bytes: [UInt8] = []
        var rest = Array(name.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let next = rest.first else {
                bytes.append(byte)
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
        return String(decoding: bytes, as: UTF8.self).lowercased()
    }
}

extension AttributeRequest {
    var isReference: Bool {
        effective.contains { value in
            if case .reference = value { true } else { false }
        }
    }
}
