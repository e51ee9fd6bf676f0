internal import Contracts
internal import IdentityModel

extension DirectorySession {
    /// A page of a listing, as accounts.
    func accounts(_ listing: Int, _ search: SearchRequest) throws(ConnectorFailure) -> (accounts: [ActualAccount], cookie: [UInt8]) {
        let (entries, cookie) = try page(listing, search)
        return (entries.compactMap { account($0) }, cookie)
    }

    /// What an administrator wants to know before trusting us with this server.
    func test() throws(ConnectorFailure) -> SystemReport {
        _ = try exchange(for: 1)
        let encryption = settings.startTLS ? "StartTLS" : "ldaps"
        let version = firstConnection?.tlsVersion.map { " (\($0))" } ?? ""
        let identity = firstConnection?.whoAmI() ?? "unknown to the server; bound with \(settings.bindDN)"
        let atBase = try search(
            [SearchRequest(base: settings.base, scope: .base, filter: "(objectClass=*)", attributes: ["1.1"])], missingIsEmpty: true)
        guard atBase.first?.isEmpty == false else {
            throw ConnectorFailure(.permanent, "the base \(settings.base) does not exist on \(settings.url); it serves \(served)")
        }
        let facts = [
            "\(traits.product) at \(settings.url), \(encryption)\(version)", "bound as \(identity)", "base \(settings.base) exists",
            "controls: "
                + [
                    said("paged results", traits.hasPaging), said("post-read", traits.hasPostRead),
                    said("permissive modify", traits.hasPermissiveModify),
                    said("password policy", traits.hasPasswordPolicy), said("transactions", traits.hasTransactions),
                ].joined(separator: ", "),
        ]
        return SystemReport(facts: facts, advice: try advice())
    }

    private var served: String {
        traits.namingContexts.isEmpty ? "nothing that it tells" : traits.namingContexts.joined(separator: " and ")
    }

    private func said(_ name: String, _ isThere: Bool) -> String { isThere ? name : "no \(name)" }

    private func advice() throws(ConnectorFailure) -> [String] {
        var advice: [String] = []
        if !traits.hasPaging {
            advice.append("the server offers no paged results (RFC 2696): accounts cannot be listed beyond its size limit")
        }
        if !traits.hasPostRead {
            advice.append("the server offers no post-read control (RFC 4527): each new account costs one more search, for its id")
        }
        guard settings.dialect == .openLDAP else { return advice }
        if try !knowsAttribute(settings.dialect.membershipAttribute) {
            advice.append("the memberof overlay is not loaded: memberships cannot be read back from accounts")
        }
        if !traits.hasPasswordPolicy {
            advice.append(
                "the ppolicy overlay is not loaded: onDelete: DISABLE changes only what the policy map writes, and Unlock has nothing to undo"
            )
        }
        advice.append(
            "'sortvals \(settings.memberAttribute)' in the server's configuration makes changes of large groups 3 to 10 times faster (cannot be seen from here)"
        )
        advice.append(
            "correlation and unique attributes, \(settings.memberAttribute) and \(settings.dialect.idAttribute) want an eq index (cannot be seen from here)"
        )
        return advice
    }

    /// Whether the schema has the attribute (RFC 4512 section 4.4). A schema that may not be read leaves the benefit of the doubt.
    private func knowsAttribute(_ name: String) throws(ConnectorFailure) -> Bool {
        let subschema = SearchRequest(base: "cn=Subschema", scope: .base, filter: "(objectClass=subschema)", attributes: ["attributeTypes"])
        guard let types = try search([subschema], missingIsEmpty: true).first?.first?.values(of: "attributeTypes"), !types.isEmpty else {
            return true
        }
        return types.contains { $0.contains("NAME '\(name)'") }
    }
}
