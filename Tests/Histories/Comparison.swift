internal import IdentityModel

/// Something that is not as the law says.
package struct Deviation: Codable, Hashable, Sendable, CustomStringConvertible {
    package let person: Int?
    package let system: String?
    /// What kind of fact: `account`, `enabled`, `container`, `title`, `group Staff`, `exit` ...
    package let fact: String
    package let expected: String
    package let got: String

    package init(person: Int?, system: String?, fact: String, expected: String, got: String) {
        self.person = person
        self.system = system
        self.fact = fact
        self.expected = expected
        self.got = got
    }

    package var description: String {
        let who = [person.map { "N\($0)" }, system].compactMap { $0 }.joined(separator: " on ")
        return "\(who.isEmpty ? "" : who + ": ")\(fact): expected \(expected), got \(got)"
    }
}

/// What the history did behind the product's back: such facts are not compared, or not wholly (law.md, by hand).
package struct Handiwork: Sendable {
    package struct Spot: Hashable, Sendable {
        let person: Int
        let system: String
    }
    package var touched: Set<Spot> = []
    package var foreign: Set<Spot> = []
    /// Touched, and seen by a look-up of ours since then: from there on the law asks for repair.
    package var met: Set<Spot> = []
    package init() {}

    /// Memberships were written under a name that the entry had lost by hand: which groups its new name is in was then changed by hand.
    package var misled: Set<Spot> = []
    /// Two foreign entries of one person: nobody can tell which is meant.
    package var twins: Set<Spot> = []

    func isLeftAlone(_ spot: Spot) -> Bool { touched.contains(spot) && !met.contains(spot) }
}

/// Whose accounts have to be right at a moment before the quiet rounds, and what of them.
package struct Scope: Sendable {
    package var people: Set<Int>
    /// Of these nothing but that nobody has access without being due it.
    package var leavers: Set<Int> = []
    /// References to others settle with the others' runs.
    package var withReferences: Bool
}

/// Due state against what the systems hold.
package struct Comparison {
    let oracle: Oracle
    let handiwork: Handiwork
    let views: [String: SystemView]
    private let people: [Int]
    private var dues: [Int: Oracle.Due] = [:]
    private var entries: [String: [Int: [SystemView.Entry]]] = [:]
    /// Accounts that the law calls undecidable.
    package private(set) var undecidable: Set<Handiwork.Spot> = []
    package private(set) var facts = 0
    package private(set) var deviations: [Deviation] = []

    package init(oracle: Oracle, handiwork: Handiwork, views: [String: SystemView], people: [Int]) throws {
        self.oracle = oracle
        self.handiwork = handiwork
        self.views = views
        self.people = people
        for person in people { dues[person] = try oracle.due(person) }
        for (system, view) in views {
            var byNumber: [Int: [SystemView.Entry]] = [:]
            for entry in view.entries {
                for text in entry.values("employeeNumber") {
                    if let number = Int(text.dropFirst()) { byNumber[number, default: []].append(entry) }
                }
            }
            entries[system] = byNumber
        }
    }

    package mutating func run() {
        for system in views.keys.sorted() {
            for person in people where isUndecidable(person, system) { undecidable.insert(Handiwork.Spot(person: person, system: system)) }
            for person in people { compare(person, system) }
            compareStrays(system)
        }
    }

    /// A run has ended as if everything of its own were done: what of that can be judged now.
    package mutating func run(within scope: Scope) {
        withReferences = scope.withReferences
        for system in views.keys.sorted() {
            for person in people where isUndecidable(person, system) { undecidable.insert(Handiwork.Spot(person: person, system: system)) }
            for person in people {
                let spot = Handiwork.Spot(person: person, system: system)
                if handiwork.touched.contains(spot) || handiwork.foreign.contains(spot) { continue }
                if scope.people.contains(person) { compare(person, system) }
                if scope.leavers.contains(person) { compareAccess(person, system) }
            }
        }
    }

    private var withReferences = true

    /// Whoever is due no account has none that is enabled, and no membership of ours.
    private mutating func compareAccess(_ person: Int, _ system: String) {
        guard let due = dues[person], due.groups[system] == nil, !due.isUndecided else { return }
        if oracle.ledger.unclear.contains(person) || oracle.ledger.tangled.contains(person) { return }
        // Neither of two foreign entries ever became ours.
        if handiwork.twins.contains(Handiwork.Spot(person: person, system: system)) { return }
        for entry in entries[system]?[person] ?? [] { compareAccess(of: entry, person, system) }
    }

    private mutating func expect(_ holds: Bool, _ person: Int?, _ system: String, _ fact: String, _ expected: String, _ got: String) {
        facts += 1
        if !holds { deviations.append(Deviation(person: person, system: system, fact: fact, expected: expected, got: got)) }
    }

    /// An attribute that may not fail fails for somebody who is due the account.
    private func isUndecidable(_ person: Int, _ system: String) -> Bool {
        guard let due = dues[person], due.groups[system] != nil else { return false }
        if handiwork.twins.contains(Handiwork.Spot(person: person, system: system)) { return true }
        if oracle.expectation(due, system, enabled: true, names: { _ in "any" }).failure != nil { return true }
        // What comes first is never done (law.md, requires).
        return oracle.rulebook.system(system)?.requires.contains { isUndecidable(person, $0) } ?? false
    }

    // MARK: One account

    private mutating func compare(_ person: Int, _ system: String) {
        let mine = entries[system]?[person] ?? []
        let spot = Handiwork.Spot(person: person, system: system)
        if oracle.ledger.tangled.contains(person) { return }
        if handiwork.twins.contains(spot) {
            undecidable.insert(spot)
            return expect(mine.count <= 2, person, system, "account", "no third", mine.map(\.name).joined(separator: "; "))
        }
        expect(mine.count <= 1, person, system, "account", "at most one", mine.map(\.name).joined(separator: "; "))
        guard !oracle.ledger.unclear.contains(person), mine.count <= 1 else { return }
        let due = dues[person]
        guard let due, let groups = due.groups[system], !due.isUndecided else {
            if let entry = mine.first { compareWithdrawn(entry, due, person, system) }
            return
        }
        let expectation = oracle.expectation(due, system, enabled: true, names: { mine.first?.values($0).first })
        if undecidable.contains(spot) || handiwork.isLeftAlone(spot) { return }
        expect(!mine.isEmpty, person, system, "account", "one", "none")
        guard let entry = mine.first else { return }
        expect(entry.isEnabled, person, system, "enabled", "enabled", entry.switches)
        compareName(entry, expectation, person, system)
        compareAttributes(entry, expectation, person, system)
        compareGroups(entry, groups, person, system)
    }

    private mutating func compareName(_ entry: SystemView.Entry, _ expectation: Expectation, _ person: Int, _ system: String) {
        for (attribute, held) in expectation.illegal {
            expect(false, person, system, attribute, "a candidate", held)
        }
        if let name = expectation.name {
            expect(
                parentName(foldedName(entry.name)) == parentName(foldedName(name)), person, system, "container", parentName(name),
                parentName(entry.name))
            expect(foldedName(entry.name) == foldedName(name), person, system, "name", name, entry.name)
        }
        let login = entry.values("sAMAccountName").first ?? ""
        let others = views[system]?.entries.filter { $0.values("sAMAccountName").contains { $0.lowercased() == login.lowercased() } } ?? []
        expect(others.count == 1, person, system, "login", "given once", "\(login) at \(others.map(\.name).joined(separator: "; "))")
        if !handiwork.foreign.contains(Handiwork.Spot(person: person, system: system)) {
            let bases = oracle.ledger.loginBases[person] ?? []
            let base = String(login.lowercased().reversed().drop(while: \.isNumber).reversed())
            expect(bases.contains(base), person, system, "login", "made of \(bases.sorted().joined(separator: " or "))", login)
        }
    }

    private mutating func compareAttributes(_ entry: SystemView.Entry, _ expectation: Expectation, _ person: Int, _ system: String) {
        let isForeign = handiwork.foreign.contains(Handiwork.Spot(person: person, system: system))
        for (attribute, content) in expectation.attributes.sorted(by: { $0.key < $1.key }) {
            let held = entry.values(attribute)
            switch content {
            case .any: continue
            case .values(let wanted):
                // What stood there before us is left where our rule has no value.
                if isForeign && (wanted.isEmpty || attribute == "objectClass") { continue }
                expect(Set(held) == Set(wanted), person, system, attribute, text(wanted), text(held))
            case .account(let key): compareReference(attribute, key, held, person, system)
            }
        }
    }

    private func text(_ values: [String]) -> String { values.isEmpty ? "nothing" : values.sorted().joined(separator: ", ") }

    private mutating func compareReference(_ attribute: String, _ key: String, _ held: [String], _ person: Int, _ system: String) {
        guard let target = oracle.ledger.owners[key] else {
            return expect(held.isEmpty, person, system, attribute, "nothing (nobody is \(key))", text(held))
        }
        let spot = Handiwork.Spot(person: target, system: system)
        if !withReferences || handiwork.isLeftAlone(spot) || handiwork.foreign.contains(spot) || undecidable.contains(spot) { return }
        if oracle.ledger.unclear.contains(target) || oracle.ledger.tangled.contains(target) { return }
        let theirs = entries[system]?[target] ?? []
        if let entry = theirs.first, theirs.count == 1 {
            expect(held.map(foldedName) == [foldedName(entry.name)], person, system, attribute, entry.name, text(held))
        } else if theirs.isEmpty, let due = dues[target], due.status != .pendingStart, due.groups[system] == nil {
            expect(held.isEmpty, person, system, attribute, "nothing (N\(target) has no account)", text(held))
        }
    }

    private mutating func compareGroups(_ entry: SystemView.Entry, _ groups: Set<String>, _ person: Int, _ system: String) {
        if handiwork.misled.contains(Handiwork.Spot(person: person, system: system)) { return }
        for name in Rulebook.groupNames {
            let group = foldedName(Rulebook.group(name))
            let isMember = views[system]?.groups[group]?.contains(foldedName(entry.name)) ?? false
            expect(
                isMember == groups.contains(group), person, system, "group \(name)", groups.contains(group) ? "member" : "no member",
                isMember ? "member" : "no member")
        }
    }

    // MARK: Who is due none

    private mutating func compareWithdrawn(_ entry: SystemView.Entry, _ due: Oracle.Due?, _ person: Int, _ system: String) {
        compareAccess(of: entry, person, system)
        let spot = Handiwork.Spot(person: person, system: system)
        // An entry that was there before us may never have become ours.
        if handiwork.foreign.contains(spot) || handiwork.isLeftAlone(spot) { return }
        if oracle.rulebook.system(system)?.onDelete == "DELETE" { return expect(false, person, system, "account", "none", entry.name) }
        guard let due else { return }
        let held = { (name: String) in entry.values(name).first }
        let open = oracle.expectation(due, system, enabled: true, names: held).name.map { parentName(foldedName($0)) }
        let shut = oracle.expectation(due, system, enabled: false, names: held).name.map { parentName(foldedName($0)) }
        guard let open, let shut, open != shut else { return }
        expect(parentName(foldedName(entry.name)) != open, person, system, "container", "not \(open)", entry.name)
    }

    private mutating func compareAccess(of entry: SystemView.Entry, _ person: Int, _ system: String) {
        let spot = Handiwork.Spot(person: person, system: system)
        let book = oracle.rulebook.system(system)
        for name in Rulebook.groupNames where !handiwork.misled.contains(spot) {
            let isMember = views[system]?.groups[foldedName(Rulebook.group(name))]?.contains(foldedName(entry.name)) ?? false
            expect(!isMember, person, system, "group \(name)", "no member (due no account)", "member")
        }
        if handiwork.foreign.contains(spot) || handiwork.isLeftAlone(spot) { return }
        if book?.onDelete == "DISABLE" || book?.mapsDisabling == true {
            expect(!entry.isEnabled, person, system, "enabled", "disabled", entry.switches)
        }
    }

    // MARK: What belongs to nobody

    /// Members of our groups that are no entries, and entries of nobody.
    private mutating func compareStrays(_ system: String) {
        guard let view = views[system] else { return }
        // What was moved or deleted by hand may leave its old name in groups where nothing repairs references.
        if handiwork.touched.contains(where: { $0.system == system }) { return }
        let names = Set(view.entries.map { foldedName($0.name) })
        // Whose account cannot be computed is left as it is, half moved too: groups may hold the name that it had in another folder.
        let halfMoved = Set(
            undecidable.filter { $0.system == system }.flatMap { entries[system]?[$0.person] ?? [] }.map {
                foldedName($0.name).prefix { $0 != "," }
            })
        // Renamed half way, it is in groups under a name that nothing tells (law.md: it is compared as "not more than one" alone).
        let unknown = Set(view.groups.values.joined()).subtracting(names)
        let areTheirs = unknown.count <= undecidable.count { $0.system == system }
        for (group, members) in view.groups.sorted(by: { $0.key < $1.key }) {
            let strays = members.subtracting(names).filter { name in !areTheirs && !halfMoved.contains(name.prefix { $0 != "," }) }.sorted()
            expect(strays.isEmpty, nil, system, "members of \(group)", "entries", strays.joined(separator: "; "))
        }
        let numbers = Set(people)
        let nobodys = view.entries.filter { entry in
            !entry.values("description").contains("stranger") && !entry.name.hasPrefix("cn=Stranger")
                && !entry.values("employeeNumber").contains { numbers.contains(Int($0.dropFirst()) ?? -1) }
        }
        expect(nobodys.isEmpty, nil, system, "entries", "somebody's", nobodys.map(\.name).sorted().joined(separator: "; "))
    }
}

extension SystemView.Entry {
    /// By what the map or the dialect writes.
    var isEnabled: Bool {
        if !values("pwdAccountLockedTime").isEmpty { return false }
        return !(values("userAccountControl").first.flatMap { Int($0) }.map { $0 & 2 != 0 } ?? false)
    }

    var switches: String {
        let control = values("userAccountControl").first.map { "userAccountControl \($0)" }
        let lock = values("pwdAccountLockedTime").first.map { "locked \($0)" }
        return [control, lock].compactMap { $0 }.joined(separator: ", ") + (isEnabled ? " (enabled)" : " (disabled)")
    }
}
