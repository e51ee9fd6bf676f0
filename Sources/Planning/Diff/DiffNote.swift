package import IdentityModel

/// Something that counts alone do not say of a comparison.
package enum DiffNote: Hashable, Sendable {
    /// Accounts that keep what they were created with, although the attribute's rule differs.
    case kept(SystemName, attribute: String, accounts: Int)
    case onDelete(SystemName, before: String, after: String)
    /// Accounts of a system that has no policy map any more.
    case noPolicyMap(SystemName, accounts: Int)
    /// Parts of a source differ; what that does to people is not part of a comparison.
    case source(SourceName, parts: [String])
    case noSystemAsked
}

extension ConfigurationDiff {
    /// In the order in which they are told.
    package var notes: [DiffNote] {
        var notes: [DiffNote] = []
        for (system, counts) in systems.sorted(by: { $0.key < $1.key }) {
            for (attribute, count) in counts.kept.sorted(by: { $0.key < $1.key }) {
                notes.append(.kept(system, attribute: attribute, accounts: count))
            }
        }
        for difference in differences where difference.part == "onDelete" {
            guard case .system(let system) = difference.place, let values = difference.values else { continue }
            notes.append(.onDelete(system, before: values.before, after: values.after))
        }
        notes += abandoned.sorted { $0.key < $1.key }.map { .noPolicyMap($0.key, accounts: $0.value) }
        return notes + sourcesThatDiffer + [.noSystemAsked]
    }

    private var sourcesThatDiffer: [DiffNote] {
        var parts: [SourceName: [String]] = [:]
        for difference in differences {
            if case .source(let name) = difference.place { parts[name, default: []].append(difference.part) }
        }
        return parts.sorted { $0.key < $1.key }.map { .source($0.key, parts: $0.value) }
    }
}
