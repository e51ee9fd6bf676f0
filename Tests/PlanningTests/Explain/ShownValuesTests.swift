import CEL
import IdentityModel
import Planning
import Testing

@Suite("What is shown of expressions and values")
struct ShownValuesTests {
    private func condition(_ source: String) throws -> (Planning.Expression, UserSchema) {
        let configuration = try DiffCompany().changing("Rules.yaml", "when: \"true\"", "when: '\(source)'").load()
        return (try #require(configuration.rules.first { $0.name == "everybody" }).when, configuration.schema)
    }

    private func tried(_ source: String, _ attributes: [String: UserValue] = [:]) throws -> TriedExpression {
        let (expression, schema) = try condition(source)
        let user = User(
            id: UserID("u"), key: UserKey("E1"), source: SourceName("hr"), status: .active, attributes: attributes, version: 1)
        return TriedExpression(expression, user: user, schema: schema)
    }

    @Test func `an expression that is tried gives its value and the way to it`() throws {
        let tried = try tried(#"user.title.lowerAscii() == "boss""#, ["title": .string("BOSS")])
        #expect(tried.value?.asBool == true && tried.error == nil && tried.type == "bool")
        #expect(tried.step.value == "true" && tried.step.expression == #"user.title.lowerAscii() == "boss""#)
        #expect(
            tried.step.parts.map { "\($0.expression) = \($0.value)" } == ["user.title = 'BOSS'", "user.title.lowerAscii() = 'boss'"])
    }

    @Test func `one that fails gives the reason, and what was evaluated before it`() throws {
        let tried = try tried(#"int(user.title) > 1 && user.lastName == "Berg""#, ["title": .string("x"), "lastName": .string("Berg")])
        #expect(tried.value == nil && tried.error != nil)
        #expect(tried.step.value.hasPrefix("error: "))
        #expect(tried.step.parts.contains { $0.expression == "int(user.title)" && $0.value.hasPrefix("error: ") })
    }

    @Test func `lists are shown up to ten of their elements, and what is optional says so`() throws {
        let long = try tried("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].exists(n, n > 10)")
        #expect(long.value?.asBool == true)
        #expect(try tried(#"user.?title.orValue("none") == "none""#).step.parts.contains { $0.value == "none" })
        #expect(
            try tried(#"user.?title.orValue("") == "x""#, ["title": .string("x")]).step.parts.contains { $0.value == "optional 'x'" })
    }

    @Test func `secrets are dots by the list of names and by what the configuration calls sensitive`() {
        #expect(MaskedAttributes.contains("userPassword") && !MaskedAttributes.contains("pin"))
        #expect(MaskedAttributes.shown(.string("Berg"), of: "lastName") == "Berg")
        #expect(MaskedAttributes.shown(.reference(UserKey("E9"), in: nil), of: "manager") == "E9")
        #expect(MaskedAttributes.shown(.string("x"), of: "userPassword") == SensitiveAttributes.dots)
        #expect(MaskedAttributes.shown([.text("x")], of: "title") == [.text("x")])
        MaskedAttributes.$configured.withValue(["pin"]) {
            #expect(MaskedAttributes.contains("pin"))
            #expect(
                MaskedAttributes.shown([.text("1"), .text("2")], of: "pin").map(\.text) == [
                    SensitiveAttributes.dots, SensitiveAttributes.dots,
                ])
        }
    }

    @Test func `an expression that reads a secret is known, also through a let`() throws {
        let (expression, _) = try condition(#"user.title == "x""#)
        #expect(MaskedAttributes.read(by: expression, of: nil) == nil)
        try MaskedAttributes.$configured.withValue(["title", "lastName"]) {
            #expect(MaskedAttributes.read(by: expression, of: nil) == "user.title")
            let map = try DiffCompany().load().policyMaps[0]
            let login = try #require(map.attributes.first { $0.name == "login" }?.expressions.first)
            #expect(MaskedAttributes.read(by: login, of: map) == "user.lastName")
            #expect(MaskedAttributes.read(by: login, of: nil) == nil)
        }
    }

    @Test func `what an attribute is computed from is known through let and out`() throws {
        let configuration = try DiffCompany().load()
        let map = configuration.policyMaps[0]
        #expect(map.userAttributes(readFor: "dn", of: configuration.schema) == ["lastName", "department"])
        #expect(map.userAttributes(readFor: "title", of: configuration.schema) == ["title"])
    }
}
