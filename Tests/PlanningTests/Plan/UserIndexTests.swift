import IdentityModel
import Testing

@testable import Planning

struct UserIndexTests {
    /// Like those that are made of source, key and generation; every third has another form.
    private static func user(_ number: Int) -> UserID {
        if number % 3 == 0 { return UserID("u\(number)") }
        let digits = String(UInt64(number) &* 0x9E37_79B9_7F4A_7C15, radix: 16)
        return UserID(String(repeating: "0", count: 32 - digits.utf8.count) + digits)
    }

    @Test(arguments: [0, 1, 1_000, 70_000]) func `everybody is found by the hash they came with, and nobody by another`(count: Int) {
        var index = UserIndex()
        // Hashes that differ in few bits.
        for number in 0..<count { #expect(index.insert(Self.user(number), at: UInt64(number) << 20) == nil) }
        for number in stride(from: 0, to: count, by: 7) { #expect(index[UInt64(number) << 20] == Self.user(number)) }
        #expect(index[UInt64(count) << 20] == nil && index[7] == nil)
    }

    @Test(arguments: [
        "00000000000000000000000000000001", "ffffffffffffffffffffffffffffffff", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
        "+123456789012345-123456789012345", "",
    ])
    func `who came first stays, and has the very id they came with`(id: String) {
        var index = UserIndex()
        #expect(index.insert(UserID(id), at: 42) == nil)
        #expect(index.insert(UserID("somebody else"), at: 42) == UserID(id))
        #expect(index[42] == UserID(id))
    }
}
