import CEL
import IdentityModel
import Planning

/// Attributes whose values are dots where users and accounts are shown: by the one list of names, and by the configuration of the command that runs.
/// Orders know by themselves (`AttributeRequest.isSensitive`).
enum MaskedAttributes {
    /// What the configuration calls `sensitive`.
    @TaskLocal static var configured: Set<String> = []

    static func contains(_ attribute: String) -> Bool { configured.contains(attribute) || SensitiveAttributes.contains(attribute) }

    static func shown(_ values: [AccountValue], of attribute: String) -> [AccountValue] {
        SensitiveAttributes.shown(values, isSensitive: contains(attribute))
    }

    /// The first secret that an expression reads, itself or through a `let` of its policy map.
    static func read(by expression: Planning.Expression, of map: PolicyMap?) -> String? {
        var open = [expression]
        var seen: Set<String> = []
        while let next = open.popLast() {
            for reference in next.program.references {
                if let field = reference.field, contains(field) { return "\(reference.variable).\(field)" }
                guard seen.insert(reference.variable).inserted else { continue }
                open += map?.lets.filter { $0.name == reference.variable }.map(\.expression) ?? []
            }
        }
        return nil
    }
}
