package import Contracts
package import IdentityModel

/// What becomes of a request for references when it is sent.
package enum ReferenceFate: Hashable, Sendable {
    case sent
    /// Sent once the account is there that this very plan is to make.
    case awaited
    /// What is there is left alone until the account it points at is there.
    case early
    /// It points at nobody, and nothing of ours is there.
    case useless
    /// It points at nobody: what we wrote is taken away.
    case dereferenced

    var isIdle: Bool { self == .useless || self == .early }

    /// `target`: what the store knows of the accounts that are pointed at; nobody's has no entry.
    package init(_ request: AttributeRequest, target: (UserReference) -> ReferenceTarget?) {
        let targets = request.references.map { target($0) ?? ReferenceTarget.none }
        guard !targets.isEmpty, targets.count == request.after.count else {
            self = .sent
            return
        }
        if targets.contains(.expected) {
            self = .early
        } else if targets.contains(ReferenceTarget.none) {
            self = request.before.isEmpty ? (targets.allSatisfy { $0 == ReferenceTarget.none } ? .useless : .sent) : .dereferenced
        } else {
            self = targets.contains(.awaited) ? .awaited : .sent
        }
    }
}
