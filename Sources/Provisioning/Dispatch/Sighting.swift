internal import Contracts
internal import IdentityModel
internal import Planning

/// An account as its system shows it, to be held against what an order wants.
struct Sighting: Sendable {
    let account: ActualAccount
    private let names: NameSyntax
    private let attributes: [String: [String]]

    init(_ account: ActualAccount, _ names: NameSyntax) {
        self.account = account
        self.names = names
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
        return request.isReference ? values.filter { !actual.contains(names.folded($0)) } : values.filter { !actual.contains($0) }
    }

    func isNamed(_ name: AccountName) -> Bool { names.isNamed(account.name, name) }

    /// Values are a set; references are names of entries and compare as names do.
    private func comparable(_ values: [String], _ request: AttributeRequest) -> Set<String> {
        request.isReference ? Set(values.map(names.folded)) : Set(values)
    }
}
