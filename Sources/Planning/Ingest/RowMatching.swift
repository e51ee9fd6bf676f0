package import IdentityModel

/// Decides which user a row is. Keys are per source and come first; whom a key does not tell is looked for by correlation.
package struct RowMatching: Sendable {
    package enum Match: Sendable, Hashable {
        /// The key is theirs.
        case known(UserID)
        /// Nobody's row: a user is born. `bornBefore`: how many people the key was given to already.
        case newcomer(bornBefore: Int)
        /// Nobody's row, of a source that creates no users.
        case waits
        /// Nobody's row, and it is as if it were absent.
        case absent
        /// The row of somebody whom this source has not had.
        case joins(UserID)
        /// The row of somebody whom this source has by another key: decided when the whole file is read.
        case renumbered(UserID)
        case ambiguous(attribute: String, users: [UserID])
    }

    package let source: SourceName
    private let correlation: [String]
    private let creates: Bool

    package init(_ source: SourceConfiguration) {
        self.source = source.name
        correlation = source.correlation
        creates = source.creates
    }

    /// What is asked of the store about a row: values by which it may correlate, in order.
    package func keys(of attributes: [String: UserValue]) -> [CorrelationKey] {
        correlation.compactMap { CorrelationKey($0, of: attributes) }
    }

    /// - Parameters:
    ///   - claim: what the store holds of this key in this source.
    ///   - correlated: whom each value means, of those asked for.
    ///   - claimed: the keys that this source has of each of these users, forgotten ones left out.
    package func match(
        _ record: SourceRecord, claim: SourceClaim?, correlated: (CorrelationKey) -> [UserID], claimed: (UserID) -> [UserKey]
    ) -> Match {
        if let claim, claim.presence != .forgotten { return .known(claim.user) }
        guard record.isClaimed else { return .absent }
        // In the order that the source names them; two hits are not "the first".
        for value in keys(of: record.attributes) {
            let users = correlated(value)
            if users.count > 1 { return .ambiguous(attribute: value.attribute, users: users) }
            guard let user = users.first else { continue }
            return claimed(user).isEmpty ? .joins(user) : .renumbered(user)
        }
        return creates ? .newcomer(bornBefore: claim?.generation ?? 0) : .waits
    }
}
