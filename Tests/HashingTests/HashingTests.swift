import Foundation
import Hashing
import Testing

@Suite("What tells one text from another")
struct HashingTests {
    func hexadecimal(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }
    func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }

    // FIPS 180-4's examples, and the empty text.
    @Test(
        "SHA-256 of a text",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func digest(text: String, expected: String) { #expect(hexadecimal(SHA256.hash(text)) == expected) }

    @Test("a million letters that come piece by piece have the digest that they have at once")
    func pieces() {
        let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        var whole = SHA256()
        whole.update([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
        #expect(hexadecimal(whole.finalized()) == expected)
        var piecewise = SHA256()
        for _ in 0..<1000 {
            piecewise.update(String(repeating: "a", count: 999))
            piecewise.update([])
            piecewise.update([UInt8(ascii: "a")])
        }
        #expect(hexadecimal(piecewise.finalized()) == expected)
    }

    @Test("many at a time do not disturb each other")
    func sideBySide() async {
        let expected = (0..<8).map { SHA256.hash(String(repeating: "x", count: $0 * 1000)) }
        await withTaskGroup(of: Bool.self) { group in
            for round in 0..<200 {
                group.addTask { SHA256.hash(String(repeating: "x", count: round % 8 * 1000)) == expected[round % 8] }
            }
            for await same in group { #expect(same) }
        }
    }

    // RFC 4231's first, second and sixth case, and an empty message under an empty key.
    @Test(
        "HMAC-SHA256 under a key",
        arguments: [
            (String(repeating: "0b", count: 20), "4869205468657265", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                String(repeating: "aa", count: 131),
                "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            ("", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
        ])
    func code(key: String, message: String, expected: String) {
        #expect(hexadecimal(MessageCode.compute(bytes(message), key: bytes(key))) == expected)
    }
}
