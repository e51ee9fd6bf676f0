import CEL
import Testing

@Suite("A misspelt name")
struct NearestTests {
    @Test("is answered with the one it is most like")
    func finds() {
        #expect(nearest("lastNmae", in: ["firstName", "lastName", "title"]) == "lastName")
        #expect(nearest("ondelete", in: ["onCreate", "onDelete"]) == "onDelete")
        #expect(nearest("dn", in: ["cn", "dnx"]) == "cn")
    }

    @Test("far from all others is answered with nothing")
    func refuses() {
        #expect(nearest("shoeSize", in: ["firstName", "lastName"]) == nil)
        #expect(nearest("a", in: ["b"]) == nil)
    }
}
