internal import Contracts
internal import IdentityModel

extension DirectorySession {
    /// A page of a listing, as accounts.
    func accounts(_ listing: Int, _ search: SearchRequest) throws(ConnectorFailure) -> (accounts: [ActualAccount], cookie: [UInt8]) {
        let (entries, cookie) = try page(listing, search)
        return (entries.compactMap { account($0) }, cookie)
    }

    /// What an administrator wants to know before trusting us with this server. Writes nothing.
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
        var facts = [
            "\(traits.product) at \(settings.url), \(encryption)\(version)", "bound as \(identity)", "base \(settings.base) exists",
            "controls: "
                + [
                    said("paged results", traits.hasPaging), said("post-read", traits.hasPostRead),
                    said("permissive modify", traits.hasPermissiveModify),
                    said("password policy", traits.hasPasswordPolicy), said("transactions", traits.hasTransactions),
                ].joined(separator: ", "),
        ]
        var advice = advice()
        do {
            facts.append("realm \(try realm())")
        } catch {
            advice.append(error.description)
        }
        let references = try ReferenceReport(evidence(), settings)
        let searches = SearchTimes(try searchTimes())
        return SystemReport(facts: facts + references.facts + searches.facts, advice: advice + references.advice + searches.advice)
    }

    private func said(_ name: String, _ isThere: Bool) -> String { isThere ? name : "no \(name)" }

    private func advice() -> [String] {
        var advice: [String] = []
        if !traits.hasPaging {
            advice.append("the server offers no paged results (RFC 2696): accounts cannot be listed beyond its size limit")
        }
        if !traits.hasPostRead {
            advice.append("the server offers no post-read control (RFC 4527): each new account costs one more search, for its id")
        }
        guard settings.dialect == .openLDAP else { return advice }
        if !traits.hasPasswordPolicy {
            advice.append(
                "the ppolicy overlay is not loaded: onDelete: DISABLE changes only what the policy map writes, and Unlock has nothing to undo"
            )
        }
        advice.append(
            "'sortvals \(settings.memberAttribute)' in the server's configuration makes changes of large groups 3 to 10 times faster (cannot be seen from here)"
        )
        return advice
    }

    /// How long the server looks for a value that nobody has, beyond what any answer takes: with an index it is told at once, without one every entry is
    /// read. The fastest of three tries, because the first one may have to fetch from the disk, and the server has others to serve.
    private func searchTimes() throws(ConnectorFailure) -> [(attribute: String, time: Duration)] {
        var times: [(attribute: String, time: Duration)] = []
        let nobody = AccountID("00000000-0000-0000-0000-000000000000")
        let named = settings.lookedForBy.map { ($0, SearchFilter.equal($0, "birthright-nobody"), settings.base) }
        let others = [
            (
                settings.memberAttribute, SearchFilter.equal(settings.memberAttribute, "cn=birthright-nobody,\(settings.base)"),
                try topName()
            ),
            (settings.dialect.idAttribute, settings.dialect.idFilter(nobody) ?? "(objectClass=*)", settings.base),
        ]
        let answer = try fastest(SearchRequest(base: settings.base, scope: .base, filter: "(objectClass=*)", attributes: ["1.1"]))
        for (attribute, filter, base) in named + others {
            let look = SearchRequest(base: base, scope: .subtree, filter: filter, attributes: ["1.1"], sizeLimit: 1)
            times.append((attribute, try fastest(look) - answer))
        }
        return times
    }

    private func fastest(_ look: SearchRequest) throws(ConnectorFailure) -> Duration {
        var fastest: Duration?
        for _ in 1...3 {
            let start = ContinuousClock.now
            _ = try search([look], tolerating: [0, 3, 4, 11])
            let time = start.duration(to: .now)
            fastest = min(fastest ?? time, time)
        }
        return fastest ?? .zero
    }
}

/// Which searches were slow.
struct SearchTimes {
    private(set) var facts: [String] = []
    private(set) var advice: [String] = []

    /// A value that an index answers takes a round trip; reading 10,000 entries takes more than this on any server.
    private static let slow = Duration.milliseconds(25)

    init(_ times: [(attribute: String, time: Duration)]) {
        let slow = times.filter { $0.time >= Self.slow }
        for (attribute, time) in slow {
            advice.append(
                "a search for a value of \(attribute) that nobody has took \(Self.text(time)): it wants an eq index, or every such search reads the whole directory"
            )
        }
        guard slow.isEmpty else { return }
        facts.append(
            "searches by \(times.map(\.attribute).joined(separator: ", ")) are quick (a missing index shows in a directory of thousands only)"
        )
    }

    private static func text(_ time: Duration) -> String {
        "\(time.components.seconds * 1_000 + time.components.attoseconds / 1_000_000_000_000_000) ms"
    }
}

/// What the evidence means for somebody who runs the server.
struct ReferenceReport {
    private(set) var facts: [String] = []
    private(set) var advice: [String] = []

    init(_ evidence: ReferenceEvidence, _ settings: LDAPSettings) {
        tellMemberOf(evidence)
        tellReferences(evidence, settings)
    }

    private mutating func tellMemberOf(_ evidence: ReferenceEvidence) {
        let wrong = evidence.hidden + evidence.stale
        let seen = "\(evidence.memberships - wrong) of \(evidence.memberships) memberships looked at agree"
        if evidence.configured?.keepsMemberOf == false || evidence.memberships > 0 && evidence.hidden == evidence.memberships {
            advice.append(
                "accounts do not show their groups (memberOf is not kept by the server): memberships are shown by the groups only")
        } else if wrong > 0 {
            advice.append(
                "memberOf does not say what the groups say (\(seen), \(evidence.hidden) missing, \(evidence.stale) out of date): groups that were filled before it was kept, or a server that was killed; birthright does not rely on it"
            )
        } else if evidence.memberships > 0 {
            facts.append("memberOf is at work (\(seen))")
        } else {
            let configured = evidence.configured.map { _ in "is configured" } ?? "cannot be seen"
            facts.append("memberOf \(configured) (no account that was looked at is in a group)")
        }
    }

    private mutating func tellReferences(_ evidence: ReferenceEvidence, _ settings: LDAPSettings) {
        let looked = "\(evidence.members) members looked at, \(evidence.dangling.count) of them gone"
        let isSaid = settings.maintainsReferences
        if let gone = evidence.dangling.first {
            advice.append(
                "groups hold members that do not exist (\(looked); \(gone)): references are not repaired when an entry is renamed or deleted, or were not at that time"
            )
        }
        switch (evidence.configured?.repairs, isSaid) {
        case (true, true): facts.append("the server repairs references when an entry is renamed (\(looked))")
        case (true, false):
            facts.append("the server repairs references when an entry is renamed (\(looked))")
            advice.append("'maintainsReferences: true' in the connector's settings saves the requests that do so once more")
        case (false, true):
            advice.append(
                "the server does not repair references when an entry is renamed, but the connector's settings say 'maintainsReferences: true': whoever is renamed or moved loses groups and references; say false, or turn it on (OpenLDAP: refint; 389-ds: Referential Integrity)"
            )
        case (false, false): facts.append("the server does not repair references when an entry is renamed; birthright does (\(looked))")
        case (nil, true):
            advice.append(
                "whether the server repairs references when an entry is renamed cannot be seen from here (\(looked)), and the connector's settings say that it does"
            )
        case (nil, false):
            facts.append("whether the server repairs references cannot be seen from here (\(looked)); birthright does it itself")
        }
    }
}
