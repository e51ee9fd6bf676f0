internal import CCrypto

/// SHA-256 (FIPS 180-4) over bytes that come piece by piece.
///
/// libcrypto fails here when there is no memory, or when somebody configured it to offer no SHA-256; nothing could be told apart then, and the program stops.
package struct SHA256: ~Copyable {
    /// How many bytes a digest has.
    package static let size = 32
    private let context: OpaquePointer

    package init() {
        let created = EVP_MD_CTX_new()
        precondition(created != nil && EVP_DigestInit_ex2(created, Self.algorithm.pointer, nil) == 1, "libcrypto offers no SHA-256")
        // Just seen not to be nil.
        context = created.unsafelyUnwrapped
    }

    deinit { EVP_MD_CTX_free(context) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "libcrypto stopped computing SHA-256")
    }

    package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// The text's bytes in UTF-8.
    package mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }

    /// The digest of what came so far, 32 bytes; more may come.
    package func finalized() -> [UInt8] {
        // What was finalized takes no more bytes (EVP_DigestFinal_ex), so a copy is.
        let copy = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(copy) }
        return [UInt8](unsafeUninitializedCapacity: Self.size) { bytes, count in
            let done = EVP_MD_CTX_copy_ex(copy, context) == 1 && EVP_DigestFinal_ex(copy, bytes.baseAddress, nil) == 1
            precondition(done, "libcrypto stopped computing SHA-256")
            count = Self.size
        }
    }

    /// 32 bytes, of the text's bytes in UTF-8.
    package static func hash(_ text: String) -> [UInt8] {
        var text = text
        return text.withUTF8 { message in
            [UInt8](unsafeUninitializedCapacity: size) { bytes, count in
                let done = EVP_Digest(message.baseAddress, message.count, bytes.baseAddress, nil, algorithm.pointer, nil) == 1
                precondition(done, "libcrypto offers no SHA-256")
                count = size
            }
        }
    }

    // Asked for once: looking an algorithm up takes longer than a short text's digest (crypto(7), "Explicit fetching").
    private struct Algorithm: @unchecked Sendable {
        // Never changed, and safe for use by several threads (openssl-threads(7)).
        let pointer = EVP_MD_fetch(nil, "SHA256", nil)
    }
    private static let algorithm = Algorithm()
}
