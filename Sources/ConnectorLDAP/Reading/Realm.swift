internal import Contracts
internal import IdentityModel

extension DirectorySession {
    /// The naming context that holds the base, and the id of its top entry: the same on every replica, and another one in a directory that was
    /// made anew.
    func realm() throws(ConnectorFailure) -> Realm {
        let top = try topName()
        let idAttribute = settings.dialect.idAttribute
        let found = try search(
            [SearchRequest(base: top, scope: .base, filter: "(objectClass=*)", attributes: [idAttribute])], missingIsEmpty: true)
        guard let entry = found.first?.first else {
            throw ConnectorFailure(
                .unavailable,
                "cannot tell which directory this is: \(top), the top of what holds the base \(settings.base), does not exist on \(settings.url), or \(settings.bindDN) may not read it"
            )
        }
        guard let id = entry.values(of: idAttribute).first, !id.isEmpty else {
            throw ConnectorFailure(
                .unavailable,
                "cannot tell which directory this is: the \(idAttribute) of \(top) cannot be read; give \(settings.bindDN) the right to read it"
            )
        }
        return Realm("\(DistinguishedName.key(top)) \(id)")
    }

    /// The naming context that the base lies in. With several, the nearest: a server may serve one part of another's tree. (On Active Directory it is the
    /// domain's head, for all that it also serves the forest's configuration and schema.)
    func topName() throws(ConnectorFailure) -> String {
        _ = try exchange(for: 1)
        if let nearest = LDAPSettings.context(of: settings.base, among: traits.namingContexts) { return nearest }
        // A server that keeps its contexts to itself, or serves everything from the root: the base then stands for the whole.
        guard traits.namingContexts.isEmpty || traits.namingContexts.contains("") else {
            throw ConnectorFailure(.unavailable, "the base \(settings.base) does not exist on \(settings.url); it serves \(served)")
        }
        return settings.base
    }

    var served: String {
        traits.namingContexts.isEmpty ? "nothing that it tells" : traits.namingContexts.joined(separator: " and ")
    }
}

extension LDAPSettings {
    /// The nearest naming context that a base lies in.
    static func context(of base: String, among contexts: [String]) -> String? {
        let base = DistinguishedName.key(base)
        let holding = contexts.map { (name: $0, key: DistinguishedName.key($0)) }.filter { base == $0.key || base.hasSuffix("," + $0.key) }
        return holding.max { $0.key.utf8.count < $1.key.utf8.count }?.name
    }
}
