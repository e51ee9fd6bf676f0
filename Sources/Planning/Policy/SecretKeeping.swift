internal import Hashing
package import IdentityModel

/// What stands in place of secrets wherever accounts and orders are kept (the convergence law: secrets are in no document, kept as an HMAC to see a change).
package enum SecretKeeping: Sendable {
    /// Nothing is kept: policy tests, and trials of an expression.
    case inClear
    case digested(SecretDigest)
    /// The key by which the store's digests were made is not there: why, and what to do. Nothing secret is sent.
    case lost(String)
}

extension SecretKeeping {
    /// The values of an attribute as accounts and orders hold them; nil: nothing can be said of a secret without the key.
    package func kept(_ values: [AccountValue], of attribute: String, in map: PolicyMap, user: UserID) -> [AccountValue]? {
        guard map.secrets.contains(attribute) else { return values }
        return switch self {
        case .inClear: values
        case .digested(let digest): digest.digests(values, of: attribute, for: AccountOwner(user: user, system: map.system))
        case .lost: nil
        }
    }
}

/// Tells equal secrets from different ones without keeping them: HMAC-SHA256 (RFC 2104) under a key that lies beside the store and stands in no document.
package struct SecretDigest: Sendable {
    private let key: [UInt8]

    /// 32 random bytes.
    package init(key: [UInt8]) { self.key = key }

    /// Whose secret it is counts as well: two people with one password have two digests.
    package func digest(_ value: String, of attribute: String, for owner: AccountOwner) -> AccountValue {
        var message: [UInt8] = []
        for part in [owner.system.text, owner.user.text, attribute, value] {
            // Lengths keep ("ab", "c") and ("a", "bc") apart.
            message += "\(part.utf8.count) ".utf8
            message += part.utf8
        }
        return .digest(hexadecimal(MessageCode.compute(message, key: key)))
    }

    /// Texts become digests; what is one already, or a reference, stays.
    package func digests(_ values: [AccountValue], of attribute: String, for owner: AccountOwner) -> [AccountValue] {
        values.map { value in
            switch value {
            case .text(let text): digest(text, of: attribute, for: owner)
            case .reference, .digest: value
            }
        }
    }

    /// Tells this key from another one, and nothing of what it is.
    package var check: String {
        hexadecimal(MessageCode.compute(Array("birthright key check".utf8), key: key))
    }
}
