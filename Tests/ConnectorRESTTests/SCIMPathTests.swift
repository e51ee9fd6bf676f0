import Testing

@testable import ConnectorREST

/// RFC 7644, 3.5.2 and 3.10.
@Suite("Paths in SCIM resources")
struct SCIMPathTests {
    private static let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

    @Test(
        "say which value of which attribute of which schema is meant",
        arguments: [
            ("title", SCIMPath(attribute: "title")), ("name.givenName", SCIMPath(attribute: "name", sub: "givenName")),
            ("members.$ref", SCIMPath(attribute: "members", sub: "$ref")),
            (
                "emails[type eq \"work\"].value",
                SCIMPath(attribute: "emails", filter: [.init(name: "type", value: .string("work"))], sub: "value")
            ),
            ("emails[primary eq true]", SCIMPath(attribute: "emails", filter: [.init(name: "primary", value: .bool(true))])),
            (
                "addresses[type eq \"work\" and country eq \"N and O\"].locality",
                SCIMPath(
                    attribute: "addresses",
                    filter: [.init(name: "type", value: .string("work")), .init(name: "country", value: .string("N and O"))],
                    sub: "locality")
            ),
            ("\(enterprise):manager.value", SCIMPath(schema: enterprise, attribute: "manager", sub: "value")),
            ("\(enterprise):employeeNumber", SCIMPath(schema: enterprise, attribute: "employeeNumber")),
        ])
    func parsing(_ text: String, _ path: SCIMPath) throws {
        #expect(try SCIMPath(text) == path)
        #expect(path.description == text)
        #expect(try SCIMPath(path.description) == path)
    }

    @Test("are the same however they are spelled")
    func spelling() throws {
        #expect(try SCIMPath("emails[type EQ  \"work\"].value").description == "emails[type eq \"work\"].value")
        let quoted = try SCIMPath("x[type eq \"a \\\" ] and b\"].value")
        #expect(quoted.filter == [.init(name: "type", value: .string("a \" ] and b"))])
    }

    @Test(
        "that are none are refused",
        arguments: [
            "", " ", "a.b.c", "emails[type eq \"work\"", "emails[type eq work].value", "emails[type ne \"work\"].value", "emails[].value",
            "emails[type eq \"work\"]value", "emails[type eq \"work\"].", "emails]x[", "1a", "na me", "urn:a:b:",
            "emails[type eq \"work].value",
            "emails[type eq {\"a\":1}].value",
        ])
    func malformed(_ text: String) { #expect(throws: SCIMPath.Malformed.self) { try SCIMPath(text) } }
}
