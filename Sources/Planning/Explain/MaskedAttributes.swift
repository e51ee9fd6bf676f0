internal import CEL
package import IdentityModel

/// Attributes whose values are dots where users and accounts are shown: by the one list of names, and by the configuration of the command that runs.
/// Orders know by themselves (`AttributeRequest.isSensitive`).
package enum MaskedAttributes {
    /// What the configuration calls `sensitive`.
    @TaskLocal package static var configured: Set<String> = []

    package static func contains(_ attribute: String) -> Bool { configured.contains(attribute) || SensitiveAttributes.contains(attribute) }

    package static func shown(_ values: [AccountValue], of attribute: String) -> [AccountValue] {
        SensitiveAttributes.shown(values, isSensitive: contains(attribute))
    }

    /// `Berg`, `-> E0042` as its key, or dots.
    package static func shown(_ value: UserValue, of attribute: String) -> String {
        if contains(attribute) { return SensitiveAttributes.dots }
        if case .reference(let user) = value { return user.key.text }
        return value.text
    }

    /// The first secret that an expression reads, itself or through a `let` of its policy map.
    package static func read(by expression: Expression, of map: PolicyMap?) -> String? {
        var unread = [expression]
        var seen: Set<String> = []
        while let next = unread.popLast() {
            for reference in next.program.references {
                if let field = reference.field, contains(field) { return "\(reference.variable).\(field)" }
                guard seen.insert(reference.variable).inserted else { continue }
                unread += map?.lets.filter { $0.name == reference.variable }.map(\.expression) ?? []
            }
        }
        return nil
    }
}

/// The known name most like a misspelt one, for "did you mean".
package func nearestName(_ name: String, in known: [String]) -> String? { nearest(name, in: known) }
