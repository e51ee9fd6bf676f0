internal import IdentityModel
internal import Planning

/// What a policy map asks of its system that the connector cannot do, and what is described in vain: known before anything is planned.
struct AbilityChecks {
    let file: ConfigurationFile
    let section: Section
    let connector: ConnectorReader
    let map: PolicyMap

    func run() {
        checkDelete()
        checkRename()
    }

    private func can(_ ability: SystemTraits.Ability) -> Bool { map.traits.abilities[ability] != nil }

    private func checkDelete() {
        let entry = section.entry("onDelete")
        let written = entry == nil ? "onDelete is DELETE where it is not written" : "onDelete is \(map.onDelete.rawValue)"
        if map.onDelete == .delete, !can(.delete) {
            let message = "\(written), and the connector does not say how an account is deleted"
            if let entry {
                file.error(message, at: entry.keyPoint, length: entry.keyLength)
            } else {
                connector.error(message, at: "requests")
            }
        } else if map.onDelete != .delete, map.deleteAfterDays == nil {
            noteUnused(.delete, written)
        }
    }

    private func checkRename() {
        let staysAsMade = map.attributes.contains { $0.name == map.accountName && $0.enforce == .onCreate }
        if staysAsMade {
            noteUnused(.rename, "'\(map.accountName)' stays as it was made (enforce: onCreate)")
        } else if !can(.rename), let entry = section.entry("accountName") {
            file.error(
                "the name of an account may change, and the connector does not say how an account is renamed; describe that, or write "
                    + "enforce: onCreate for '\(map.accountName)'", at: entry.keyPoint, length: entry.keyLength)
        }
    }

    private func noteUnused(_ ability: SystemTraits.Ability, _ why: String) {
        guard case .some(.some(let key)) = map.traits.abilities[ability] else { return }
        let name = key.split(separator: ".").last ?? ""
        connector.warning(.requestNeverSent, "the request '\(name)' is never sent: \(why)", at: key)
    }
}
