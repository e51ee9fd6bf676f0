internal import Contracts
internal import IdentityModel

/// Attribute requests of an operation in LDAP's terms.
enum EntryContent {
    /// Everything an add request carries. Each attribute may stand there once only, and the RDN's values have to be among them.
    static func newEntry(_ operation: AccountOperation) -> [Modification] {
        var attributes: [Modification] = []
        var places: [String: Int] = [:]
        attributes.reserveCapacity(operation.requests.count + 1)
        for request in operation.requests where request.kind == .attribute && request.operation != .remove && !request.values.isEmpty {
            include(request.name, request.values, in: &attributes, &places)
        }
        for part in namingParts(operation.name.text) {
            let name = places[part.type.lowercased()].map { attributes[$0] }
            if name?.values.contains(where: { equal($0, part.text) }) != true { include(part.type, [part.text], in: &attributes, &places) }
        }
        return attributes
    }

    private static func include(_ name: String, _ values: [String], in attributes: inout [Modification], _ places: inout [String: Int]) {
        let key = name.lowercased()
        if let place = places[key] {
            attributes[place] = Modification(kind: .add, name: name, values: attributes[place].values + values)
        } else {
            places[key] = attributes.count
            attributes.append(Modification(kind: .add, name: name, values: values))
        }
    }

    /// What a modify request carries once the entry has its final name, each part with the index of its request. Values of the RDN change by modrdn
    /// (RFC 4511 section 4.6), so a request that says what the name already says is left out, unless a value may stand beside it that the rename did not take
    /// away. `only`: which requests are meant.
    static func changes(
        _ operation: AccountOperation, named name: String, _ dialect: Dialect, only isMeant: (Int) -> Bool
    ) -> [(request: Int, change: Modification)] {
        let naming = namingParts(name)
        var changes: [(request: Int, change: Modification)] = []
        for (index, request) in operation.requests.enumerated() where request.kind == .attribute && isMeant(index) {
            let values = naming.filter { $0.type.lowercased() == request.name.lowercased() }.map(\.text)
            let isAlone = { dialect.changesNamesByRenameOnly || standsAlone(request.name, in: name, operation) }
            if let change = change(request, naming: values, isAlone) { changes.append((index, change)) }
        }
        return changes
    }

    /// The entry got its name by a rename that took away what the attribute said before.
    private static func standsAlone(_ attribute: String, in name: String, _ operation: AccountOperation) -> Bool {
        let key = DistinguishedName.key(name)
        let former = ([operation.name] + operation.formerNames).map(\.text).filter { DistinguishedName.key($0) != key }
        return !former.isEmpty
            && former.allSatisfy { old in
                namingParts(old).contains { $0.type.lowercased() == attribute.lowercased() } && !keepsNaming(of: old, operation)
            }
    }

    private static func change(_ request: AccountOperation.Request, naming: [String], _ isAlone: () -> Bool) -> Modification? {
        switch request.operation {
        case .set:
            let saysTheName =
                !naming.isEmpty && request.values.count == naming.count
                && request.values.allSatisfy { value in
                    naming.contains { equal($0, value) }
                }
            return saysTheName && isAlone() ? nil : Modification(kind: .replace, name: request.name, values: request.values)
        case .add:
            let values = request.values.filter { value in !naming.contains { equal($0, value) } }
            return values.isEmpty ? nil : Modification(kind: .add, name: request.name, values: values)
        case .remove where request.values.isEmpty:
            // A replace without values: unlike a delete, it does not mind that the attribute is absent.
            return Modification(kind: .replace, name: request.name, values: [])
        case .remove: return Modification(kind: .delete, name: request.name, values: request.values)
        }
    }

    /// A change as requests that a server refuses one by one: a value each; what is replaced stays together.
    static func parts(_ change: Modification) -> [Modification] {
        guard change.kind != .replace, !change.values.isEmpty else { return [change] }
        return change.values.map { Modification(kind: change.kind, name: change.name, values: [$0]) }
    }

    /// Whether the answer to a single part says that it is so now: attributeOrValueExists, noSuchAttribute.
    static func isDone(_ part: Modification, _ code: Int32) -> Bool {
        code == 0 || (code == 20 && part.kind == .add) || (code == 16 && part.kind == .delete)
    }

    /// A name that is no DN has none; the server refuses it in its own words.
    static func namingParts(_ name: String) -> [DistinguishedName.Part] {
        (try? DistinguishedName.parse(DistinguishedName.split(name).rdn))?.first ?? []
    }

    /// Whether what the entry is called now has to be left to it as a value when it gets its new name: another attribute names it from then on, so that this one
    /// is a value like any other (a request of the same operation says what becomes of it, and the schema may want it meanwhile); or the account keeps the value,
    /// and the new name does not say it. A name of several parts stays whole where one of them does. Otherwise it goes: Active Directory takes no rename that
    /// leaves it (MS-ADTS 3.1.1.5.4.1), and has one naming attribute for ever.
    /// `onTheWay`: the entry gets a name in between, of the same attribute, which may hold one value only.
    static func keepsNaming(of name: String, _ operation: AccountOperation, onTheWay: Bool = false) -> Bool {
        guard let newName = operation.newName?.text else { return false }
        let final = namingParts(newName)
        return namingParts(name).contains { part in
            let others = final.filter { $0.type.lowercased() == part.type.lowercased() }
            if others.isEmpty, !onTheWay { return true }
            return !others.contains { equal($0.text, part.text) }
                && operation.staying.contains { attribute, values in
                    attribute.lowercased() == part.type.lowercased() && values.contains { equal($0, part.text) }
                }
        }
    }

    /// Of names that entries have on the way only.
    static let temporaryPrefix = "birthright-moving-"

    /// A name on the way stays as a value where the final name is made of another attribute: nobody's, and only until the schema has what it wants.
    static func leftovers(_ operation: AccountOperation, of former: String) -> [Modification] {
        namingParts(former).filter { part in
            part.text.hasPrefix(temporaryPrefix)
                && !operation.requests.contains {
                    $0.kind == .attribute && $0.operation == .set && $0.name.lowercased() == part.type.lowercased()
                }
        }.map { Modification(kind: .delete, name: $0.type, values: [$0.text]) }
    }

    private static func equal(_ first: String, _ second: String) -> Bool {
        first == second || DistinguishedName.folded(first) == DistinguishedName.folded(second)
    }
}
