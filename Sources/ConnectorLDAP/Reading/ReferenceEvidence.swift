internal import Contracts
internal import IdentityModel

/// What can be seen of a server that keeps memberships and references right, without writing anything: its configuration where it may be read,
/// and otherwise what some of its entries show.
struct ReferenceEvidence {
    /// What the server's own configuration or monitor says; nil where neither may be read.
    var configured: (keepsMemberOf: Bool, repairs: Bool)?
    /// Memberships of some accounts, by the groups; and how many of them the accounts do not show, or show although the groups do not hold them.
    var memberships = 0
    var hidden = 0
    var stale = 0
    /// Members of some groups, and those among them that do not exist.
    var members = 0
    var dangling: [String] = []
}

extension DirectorySession {
    /// Entries that one look takes.
    private static let sample = (accounts: 20, groups: 20, members: 20)

    func evidence() throws(ConnectorFailure) -> ReferenceEvidence {
        var evidence = ReferenceEvidence()
        evidence.configured = try configuredOverlays()
        try lookAtAccounts(&evidence)
        try lookAtGroups(&evidence)
        return evidence
    }

    // MARK: What the server says of itself

    func configuredOverlays() throws(ConnectorFailure) -> (keepsMemberOf: Bool, repairs: Bool)? {
        switch settings.dialect {
        case .activeDirectory: return (true, true)
        case .ds389:
            guard let memberOf = try isPluginOn("MemberOf Plugin"), let repairs = try isPluginOn("referential integrity postoperation")
            else { return nil }
            return (memberOf, repairs)
        case .openLDAP:
            var known = try monitoredOverlays()
            if known == nil { known = try configuredOverlaysOfDatabase() }
            guard let overlays = known else { return nil }
            return (overlays.contains("memberof"), overlays.contains("refint"))
        }
    }

    private func isPluginOn(_ name: String) throws(ConnectorFailure) -> Bool? {
        let plugin = SearchRequest(
            base: "cn=\(name),cn=plugins,cn=config", scope: .base, filter: "(objectClass=*)", attributes: ["nsslapd-pluginEnabled"])
        return try readable([plugin]).first?.first?.values(of: "nsslapd-pluginEnabled").first.map { $0.lowercased() == "on" }
    }

    /// slapd-monitor(5): the database's entry names them.
    private func monitoredOverlays() throws(ConnectorFailure) -> Set<String>? {
        let database = SearchRequest(
            base: "cn=Databases,cn=Monitor", scope: .oneLevel, filter: SearchFilter.equal("namingContexts", try topName()),
            attributes: ["monitorOverlay"])
        let entries = try readable([database])[0]
        return entries.isEmpty ? nil : Set(entries.flatMap { $0.values(of: "monitorOverlay") }.map { $0.lowercased() })
    }

    /// slapd-config(5): an entry for each, below the database's.
    private func configuredOverlaysOfDatabase() throws(ConnectorFailure) -> Set<String>? {
        let database = SearchRequest(
            base: "cn=config", scope: .oneLevel, filter: SearchFilter.equal("olcSuffix", try topName()), attributes: ["1.1"])
        guard let name = try readable([database])[0].first?.name else { return nil }
        let overlays = SearchRequest(base: name, scope: .oneLevel, filter: "(olcOverlay=*)", attributes: ["olcOverlay"])
        return Set(try readable([overlays])[0].flatMap { $0.values(of: "olcOverlay") }.map { unnumbered($0).lowercased() })
    }

    /// `{0}memberof` stands for `memberof` in a configuration.
    private func unnumbered(_ name: String) -> String { name.hasPrefix("{") ? String(name.drop { $0 != "}" }.dropFirst()) : name }

    /// What may not be read is empty.
    private func readable(_ searches: [SearchRequest]) throws(ConnectorFailure) -> [[DirectoryEntry]] {
        // sizeLimitExceeded, timeLimitExceeded and adminLimitExceeded come with entries; noSuchObject, insufficientAccessRights, referral and
        // unwillingToPerform without.
        try search(searches, tolerating: [0, 3, 4, 10, 11, 32, 50, 53])
    }

    // MARK: What entries show

    private func lookAtAccounts(_ evidence: inout ReferenceEvidence) throws(ConnectorFailure) {
        let shown = settings.dialect.membershipAttribute
        let filters = [SearchFilter.all([settings.accountFilter, "(\(shown)=*)"]), settings.accountFilter]
        let found = try readable(
            filters.map {
                SearchRequest(base: settings.base, scope: .subtree, filter: $0, attributes: [shown], sizeLimit: Self.sample.accounts / 2)
            })
        let accounts = Dictionary(found.joined().map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }).values.sorted {
            $0.name < $1.name
        }
        let top = try topName()
        let groups = try readable(
            accounts.map {
                SearchRequest(
                    base: top, scope: .subtree, filter: SearchFilter.equal(settings.memberAttribute, $0.name), attributes: ["1.1"])
            })
        for (account, groups) in zip(accounts, groups) {
            let held = Set(groups.map { DistinguishedName.key($0.name) })
            let said = Set(account.values(of: shown).map(DistinguishedName.key))
            evidence.memberships += held.union(said).count
            evidence.hidden += held.subtracting(said).count
            evidence.stale += said.subtracting(held).count
        }
    }

    private func lookAtGroups(_ evidence: inout ReferenceEvidence) throws(ConnectorFailure) {
        let top = try topName()
        let groups = SearchRequest(
            base: top, scope: .subtree, filter: "(\(settings.memberAttribute)=*)", attributes: [settings.memberAttribute],
            sizeLimit: Self.sample.groups)
        let suffix = "," + DistinguishedName.key(top)
        // A member in another tree may well exist.
        let members = try readable([groups])[0].flatMap { $0.values(of: settings.memberAttribute).suffix(Self.sample.members) }
            .filter { DistinguishedName.key($0).hasSuffix(suffix) }
        let looks = members.map { SearchRequest(base: $0, scope: .base, filter: "(objectClass=*)", attributes: ["1.1"]) }
        evidence.members = members.count
        evidence.dangling = zip(members, try search(looks, missingIsEmpty: true)).filter { $1.isEmpty }.map { $0.0 }
    }
}
