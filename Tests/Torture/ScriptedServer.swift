import Foundation
import Histories
import IdentityModel

/// A directory in memory that behaves like one: entries with ids, groups that hold names, overlays that do or do not keep either right.
final class ScriptedServer: @unchecked Sendable {
    struct Entry {
        let id: String
        var name: String
        /// By lower-case name, with the spelling of whoever wrote first.
        var attributes: [String: (name: String, values: [String])] = [:]

        func values(_ attribute: String) -> [String] { attributes[attribute.lowercased()]?.values ?? [] }
    }

    /// What a server refuses, by LDAP's numbers.
    struct Refusal: Error {
        let code: Int
        let text: String
    }

    struct Modification {
        enum Kind { case add, delete, replace }
        let kind: Kind
        let attribute: String
        let values: [String]
    }

    let book: SystemBook
    private(set) var entries: [String: Entry] = [:]
    /// Folded DNs of members by folded DN of the group.
    private(set) var groups: [String: Set<String>] = [:]
    private var groupNames: [String: String] = [:]
    private var folders: Set<String> = []
    private var next = 0
    var isAway = false
    var refusedGroups: Set<String> = []
    var refusedValues: Set<String> = []
    /// Entries whose memberOf was not kept, and what it shows.
    private var stale: [String: Set<String>] = [:]
    var forgetsMemberOf = false
    private var repairs: [(old: String, new: String?, missed: Set<String>)] = []
    /// Requests that changed something.
    private(set) var writes = 0
    /// What the request under way has done or found done.
    var deeds: [Deed] = []
    var record = ServerRecord()
    var underWay = UnderWay()
    /// Entries that were made although the same person's was there, and was made by us.
    private(set) var doubled: [String] = []
    private var made: Set<String> = []
    /// Requests that nobody waits for any more, and how many calls come before them.
    private var delayed: [(calls: Int, request: ScriptedBatch.Request)] = []
    /// Entries whose ids nobody may read.
    var hidden: Set<String> = []

    init(_ book: SystemBook) {
        self.book = book
        for name in Rulebook.groupNames {
            groups[foldedName(Rulebook.group(name))] = []
            groupNames[foldedName(Rulebook.group(name))] = Rulebook.group(name)
        }
        restoreFolders()
    }

    func restoreFolders() { folders = Set(Rulebook.folderNames.map { foldedName(Rulebook.folder($0)) }) }
    func drop(folder: String) {
        let name = foldedName(Rulebook.folder(folder))
        guard !entries.values.contains(where: { parentName(foldedName($0.name)) == name }) else { return }
        folders.remove(name)
    }

    // MARK: Late requests

    func delay(_ request: @escaping ScriptedBatch.Request, calls: Int) { delayed.append((calls, request)) }

    /// Somebody calls: what was delayed for so long is carried out first. `all`: whatever is left is.
    func carryOutDelayed(all: Bool = false) {
        guard !delayed.isEmpty else { return }
        for index in delayed.indices { delayed[index].calls -= 1 }
        let due = delayed.filter { all || $0.calls <= 0 }
        delayed.removeAll { all || $0.calls <= 0 }
        for late in due {
            deeds = []
            try? late.request()
            record.lose(deeds)
            if !deeds.isEmpty { record.marks.insert(.cameLate) }
        }
    }

    // MARK: Reading

    func entry(named name: String) -> Entry? {
        let folded = foldedName(name)
        return entries.values.first { foldedName($0.name) == folded }
    }

    func entries(with attribute: String, _ value: String) -> [Entry] {
        let folded = value.lowercased()
        return entries.values.filter { $0.values(attribute).contains { $0.lowercased() == folded } }.sorted { $0.name < $1.name }
    }

    /// What memberOf shows; nothing without the overlay.
    func shownGroups(_ entry: Entry) -> [String] {
        guard book.showsMemberOf else { return [] }
        let folded = stale[entry.id] ?? realGroups(entry)
        return folded.compactMap { groupNames[$0] }.sorted()
    }

    func isMember(_ name: String, of group: String) -> Bool { groups[foldedName(group)]?.contains(foldedName(name)) ?? false }

    private func realGroups(_ entry: Entry) -> Set<String> {
        let name = foldedName(entry.name)
        return Set(groups.filter { $0.value.contains(name) }.keys)
    }

    // MARK: Writing

    func add(_ name: String, _ attributes: [(String, [String])], countsAsWrite: Bool = true) throws(Refusal) -> String {
        guard folders.contains(foldedName(parentName(name))) else { throw Refusal(code: 32, text: "no such object") }
        if entry(named: name) != nil { throw Refusal(code: 68, text: "entry already exists") }
        for (attribute, values) in attributes { try check(attribute, values, of: nil) }
        next += 1
        if countsAsWrite { noteMade(attributes) }
        var entry = Entry(id: "\(book.name)-\(next)", name: name)
        for (attribute, values) in attributes where !values.isEmpty { entry.attributes[attribute.lowercased()] = (attribute, values) }
        entries[entry.id] = entry
        if countsAsWrite { writes += 1 }
        deeds += [.created(entry.id), .wrote(entry.id, entry.attributes.mapValues(\.values))]
        record.call(entry.id, name)
        return entry.id
    }

    private func noteMade(_ attributes: [(String, [String])]) {
        made.insert("\(book.name)-\(next)")
        for number in attributes.first(where: { $0.0.lowercased() == "employeenumber" })?.1 ?? [] {
            for other in entries(with: "employeeNumber", number) where made.contains(other.id) && !hidden.contains(other.id) {
                doubled.append("\(number) has \(other.name) and gets another entry")
            }
        }
    }

    func delete(_ id: String) throws(Refusal) {
        guard let entry = entries.removeValue(forKey: id) else { throw Refusal(code: 32, text: "no such object") }
        writes += 1
        refer(from: entry.name, to: nil)
    }

    func modify(_ id: String, _ changes: [Modification]) throws(Refusal) {
        guard var entry = entries[id] else { throw Refusal(code: 32, text: "no such object") }
        for change in changes {
            let before = entry.values(change.attribute)
            var after: [String]
            switch change.kind {
            case .replace: after = change.values
            case .add: after = before + change.values.filter { !before.contains($0) }
            case .delete: after = change.values.isEmpty ? [] : before.filter { !change.values.contains($0) }
            }
            if let own = rdn(entry.name), change.attribute.lowercased() == own.attribute.lowercased(), !after.contains(own.value) {
                throw Refusal(code: 64, text: "naming violation: the RDN's own value cannot go")
            }
            if change.kind != .delete { try check(change.attribute, change.values, of: id) }
            after = after.filter { !$0.isEmpty }
            entry.attributes[change.attribute.lowercased()] = after.isEmpty ? nil : (change.attribute, after)
        }
        entries[id] = entry
        writes += 1
        deeds.append(.wrote(id, Dictionary(changes.map { ($0.attribute.lowercased(), entry.values($0.attribute)) }) { _, last in last }))
    }

    /// As a modrdn with deleteoldrdn = 1 does; `staying`: what stays of the old name, by attribute.
    func rename(_ id: String, to name: String, staying: [String: [String]] = [:], countsAsWrite: Bool = true) throws(Refusal) {
        guard var entry = entries[id] else { throw Refusal(code: 32, text: "no such object") }
        guard folders.contains(foldedName(parentName(name))) else { throw Refusal(code: 32, text: "no such object") }
        if let other = self.entry(named: name), other.id != id { throw Refusal(code: 68, text: "entry already exists") }
        let before = entry.name
        let touched = rename(&entry, to: name, staying)
        entry.name = name
        entries[id] = entry
        if countsAsWrite { writes += 1 }
        deeds += [.renamed(id), .wrote(id, Dictionary(uniqueKeysWithValues: touched.map { ($0, entry.values($0)) }))]
        record.call(id, name)
        guard foldedName(before) != foldedName(name) else { return }
        for index in repairs.indices { repairs[index].missed.insert(id) }
        refer(from: before, to: name)
    }

    /// The values that the names stand for. Returns the attributes, in lower case.
    private func rename(_ entry: inout Entry, to name: String, _ staying: [String: [String]]) -> Set<String> {
        var touched: Set<String> = []
        if let old = rdn(entry.name) {
            // Another attribute names the entry from then on: the value stays.
            let isNamedByAnother = rdn(name).map { $0.attribute.lowercased() != old.attribute.lowercased() } ?? false
            let stays =
                isNamedByAnother || staying.contains { $0.key.lowercased() == old.attribute.lowercased() && $0.value.contains(old.value) }
            let values = entry.values(old.attribute).filter { stays || $0 != old.value }
            entry.attributes[old.attribute.lowercased()] = values.isEmpty ? nil : (old.attribute, values)
            touched.insert(old.attribute.lowercased())
        }
        if let new = rdn(name) {
            let values = entry.values(new.attribute).filter { $0 != new.value } + [new.value]
            entry.attributes[new.attribute.lowercased()] = (new.attribute, values)
            touched.insert(new.attribute.lowercased())
        }
        return touched
    }

    /// One modify of a group with many values; those already there or already gone are success, as with the permissive control.
    func change(group: String, adding: Bool, _ names: [String]) throws(Refusal) {
        let folded = foldedName(group)
        if refusedGroups.contains(folded) { throw Refusal(code: 65, text: "object class violation: the group refuses it") }
        deeds += names.map { .member(foldedName($0), folded, adding) }
        guard groups[folded] != nil else {
            if adding { throw Refusal(code: 32, text: "no such object") }
            return
        }
        let touched = entries.values.filter { entry in names.contains { foldedName($0) == foldedName(entry.name) } }
        if forgetsMemberOf { for entry in touched where stale[entry.id] == nil { stale[entry.id] = realGroups(entry) } }
        let before = groups[folded]
        for name in names {
            if adding { groups[folded]?.insert(foldedName(name)) } else { groups[folded]?.remove(foldedName(name)) }
        }
        if !forgetsMemberOf { for entry in touched { stale[entry.id] = nil } }
        if groups[folded] != before { writes += 1 }
    }

    private func check(_ attribute: String, _ values: [String], of id: String?) throws(Refusal) {
        for value in values where refusedValues.contains(value.lowercased()) && attribute.lowercased() != "objectclass" {
            throw Refusal(code: 19, text: "constraint violation: '\(value)' is refused")
        }
        guard book.keepsUnique, ["samaccountname", "employeenumber"].contains(attribute.lowercased()) else { return }
        for value in values where entries(with: attribute, value).contains(where: { $0.id != id }) {
            throw Refusal(code: 19, text: "some attributes not unique")
        }
    }

    private func rdn(_ name: String) -> (attribute: String, value: String)? {
        guard let comma = name.firstIndex(of: ","), let equals = name.firstIndex(of: "="), equals < comma else { return nil }
        return (String(name[..<equals]), String(name[name.index(after: equals)..<comma]).replacingOccurrences(of: "\\", with: ""))
    }

    // MARK: References

    private func refer(from old: String, to new: String?) {
        switch book.repair {
        case .never: return
        case .atOnce: apply(old, new)
        case .late: repairs.append((old, new, []))
        }
    }

    /// The overlay repairs references some time after the answer.
    func repairReferences() {
        for repair in repairs { apply(repair.old, repair.new, missing: repair.missed) }
        repairs = []
    }

    /// `missing`: who got another name when the overlay had found them, and had not written them yet.
    private func apply(_ old: String, _ new: String?, missing: Set<String> = []) {
        let folded = foldedName(old)
        for (group, members) in groups where members.contains(folded) {
            groups[group]?.remove(folded)
            if let new { groups[group]?.insert(foldedName(new)) }
        }
        for (id, entry) in entries where !missing.contains(id) {
            let managers = entry.values("manager")
            guard managers.contains(where: { foldedName($0) == folded }) else { continue }
            let repaired = managers.compactMap { foldedName($0) == folded ? new : $0 }
            entries[id]?.attributes["manager"] = repaired.isEmpty ? nil : ("manager", repaired)
        }
    }
}
