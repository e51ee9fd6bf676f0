internal import CCrypto

/// HMAC-SHA256 (RFC 2104): what only those can compute who have the key.
package enum MessageCode {
    /// 32 bytes. Stops the program where libcrypto does no HMAC, as `SHA256` does.
    package static func compute(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: SHA256.size) { code, count in
            let made = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, code.baseAddress, nil)
            precondition(made != nil, "libcrypto does no HMAC-SHA256")
            count = SHA256.size
        }
    }
}
