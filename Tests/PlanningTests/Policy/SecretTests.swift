import IdentityModel
import Planning
import Testing

@Suite("Secrets: kept as digests, made when they are sent")
struct SecretTests {
    private static let key = SecretDigest(key: Array(repeating: 7, count: 32))
    private static let owner = AccountOwner(user: UserID("u-E1"), system: PlannedAccounts.system)
    private static let pin = "pin: { value: '\"Pin-\" + user.lastName + \"-\" + out.login', sensitive: true, enforce: onChange }"

    private func company(_ secrets: SecretKeeping = .digested(key), _ rule: String = pin) throws -> PlannedAccounts {
        var company = try PlannedAccounts(replacing: ["title: user.?title": rule])
        company.configuration = company.configuration.keeping(secrets)
        return company
    }

    @Test func `a digest tells whose secret of which attribute it is, and is no document's way back to it`() {
        let digest = Self.key.digest("hunter2", of: "pin", for: Self.owner)
        guard case .digest(let code) = digest else { return #expect(Bool(false), "\(digest)") }
        #expect(code.count == 64 && code.allSatisfy { "0123456789abcdef".contains($0) })
        #expect(Self.key.digest("hunter2", of: "pin", for: Self.owner) == digest)
        let others = [
            Self.key.digest("hunter3", of: "pin", for: Self.owner), Self.key.digest("hunter2", of: "pin2", for: Self.owner),
            Self.key.digest("hunter2", of: "pin", for: AccountOwner(user: UserID("u-E2"), system: PlannedAccounts.system)),
            Self.key.digest("hunter2", of: "pin", for: AccountOwner(user: UserID("u-E1"), system: SystemName("Other"))),
            SecretDigest(key: Array(repeating: 8, count: 32)).digest("hunter2", of: "pin", for: Self.owner),
            // The same letters, cut elsewhere.
            Self.key.digest("2", of: "pin", for: AccountOwner(user: UserID("u-E1hunter"), system: PlannedAccounts.system)),
        ]
        #expect(Set(others + [digest]).count == 7)
    }

    @Test func `the check of a key tells keys apart and is no digest of anything`() {
        #expect(Self.key.check == SecretDigest(key: Array(repeating: 7, count: 32)).check)
        #expect(Self.key.check != SecretDigest(key: Array(repeating: 8, count: 32)).check)
    }

    @Test func `texts become digests, and what is none stays`() {
        let reference = AccountValue.reference(UserKey("E9"), in: nil)
        let once = Self.key.digests([.text("a"), reference], of: "pin", for: Self.owner)
        #expect(once[0] == Self.key.digest("a", of: "pin", for: Self.owner) && once[1] == reference)
        #expect(Self.key.digests(once, of: "pin", for: Self.owner) == once)
    }

    @Test func `what accounts and orders hold of a secret depends on the key, of everything else on nothing`() throws {
        let map = try company().map
        let values = [AccountValue.text("x")]
        let user = UserID("u-E1")
        #expect(SecretKeeping.inClear.kept(values, of: "pin", in: map, user: user) == values)
        #expect(
            SecretKeeping.digested(Self.key).kept(values, of: "pin", in: map, user: user) == [
                Self.key.digest("x", of: "pin", for: Self.owner)
            ])
        #expect(SecretKeeping.lost("gone").kept(values, of: "pin", in: map, user: user) == nil)
        for keeping in [SecretKeeping.inClear, .digested(Self.key), .lost("gone")] {
            #expect(keeping.kept(values, of: "badge", in: map, user: user) == values)
        }
    }

    @Test func `an order holds the digest, and the secret is made of the map, the user and the names of the order`() throws {
        let company = try company()
        let order = try #require(company.order())
        let request = try #require(order.requests.first { $0.name == "pin" })
        #expect(request.isSecretToSend && !order.asks.joined().contains("Pin-Berg"))
        let making = SecretMaking(schema: company.configuration.schema, digest: Self.key)
        let made = making.values(of: order, map: company.map, user: PlannedAccounts.user(), known: nil)
        guard case .digest(let code)? = request.after.first else { return #expect(Bool(false), "\(request)") }
        #expect(made == [code: "Pin-Berg-berg"])
    }

    @Test func `a secret that would be another one by now is not made in the place of the one that was planned`() throws {
        let company = try company()
        let order = try #require(company.order())
        let making = SecretMaking(schema: company.configuration.schema, digest: Self.key)
        let made = making.values(of: order, map: company.map, user: PlannedAccounts.user("E1", "Moe"), known: nil)
        guard case .digest(let code)? = order.requests.first(where: { $0.name == "pin" })?.after.first else { return }
        #expect(made.count == 1 && made[code] == nil && made.values.first == "Pin-Moe-berg")
    }

    @Test func `of an account that is there, the name that it has counts, and nothing is made that nobody asks for`() throws {
        let company = try company()
        let known = PlannedAccounts.account()
        let making = SecretMaking(schema: company.configuration.schema, digest: Self.key)
        let user = PlannedAccounts.user("E1", "Moe")
        let order = try #require(company.order(user, known: known))
        #expect(order.operation == .modify)
        #expect(making.values(of: order, map: company.map, user: user, known: known).values.sorted() == ["Pin-Moe-berg"])
        var leaving = known
        leaving.written["pin"] = [Self.key.digest("Pin-Berg-berg", of: "pin", for: Self.owner)]
        let quiet = try #require(company.plan(roles: [], known: leaving).orders.first)
        #expect(making.values(of: quiet, map: company.map, user: PlannedAccounts.user(), known: leaving).isEmpty)
    }

    @Test func `without the key an account with a secret is refused, and one without is not`() throws {
        let lost = SecretKeeping.lost("the key is not there")
        #expect(try company(lost).order()?.failure?.message == "its secrets cannot be sent: the key is not there")
        #expect(try company(lost, "title: user.?title").order()?.failure == nil)
    }
}
