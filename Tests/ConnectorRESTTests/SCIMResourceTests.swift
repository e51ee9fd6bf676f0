import Contracts
import IdentityModel
import Testing

@testable import ConnectorREST

@Suite("SCIM resources and what is to become of them")
struct SCIMResourceTests {
    private static let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

    private func resource(_ text: String) throws -> SCIMResource {
        try #require(SCIMResource(try JSONValue(parsing: Array(text.utf8))))
    }

    private func change(
        _ name: String, _ operation: RequestOperation = .set, _ values: [String], _ type: ValueType = .text
    ) throws -> SCIMChange {
        try SCIMChange(.init(kind: .attribute, name: name, operation: operation, values: values, type: type))
    }

    private func text(_ value: JSONValue?) -> String { value.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "nothing" }

    private let anna = """
        {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"7","UserName":"anna@example.com","active":true,"loginCount":12,
         "name":{"givenName":"Anna","familyName":"Berg"},
         "emails":[{"type":"work","value":"anna@example.com","primary":true},{"type":"home","value":"a@example.org"}],
         "phoneNumbers":[{"type":"Mobile","value":"+4670"}],"tags":["a","b"],"nothing":null,
         "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"IT","manager":{"value":"3","displayName":"Bo"}}}
        """

    // MARK: Reading

    @Test("are shown by the paths of a policy map, flags and numbers as words and digits")
    func attributes() throws {
        let shown = try resource(anna).attributes
        #expect(shown["UserName"] == ["anna@example.com"] && shown["active"] == ["true"] && shown["loginCount"] == ["12"])
        #expect(shown["name.givenName"] == ["Anna"] && shown["tags"] == ["a", "b"] && shown["nothing"] == nil)
        #expect(shown["emails[type eq \"work\"].value"] == ["anna@example.com"])
        #expect(shown["emails[type eq \"work\"].primary"] == ["true"] && shown["emails[type eq \"home\"].value"] == ["a@example.org"])
        #expect(shown["\(Self.enterprise):department"] == ["IT"] && shown["\(Self.enterprise):manager.value"] == ["3"])
    }

    @Test("are read whatever the capitals of their names and of what a filter says are")
    func reading() throws {
        let anna = try resource(anna)
        #expect(anna.texts(try SCIMPath("username")) == ["anna@example.com"])
        #expect(anna.texts(try SCIMPath("phonenumbers[TYPE eq \"mobile\"].Value")) == ["+4670"])
        #expect(anna.texts(try SCIMPath("emails.value")) == ["anna@example.com", "a@example.org"])
        #expect(anna.texts(try SCIMPath("URN:ietf:params:scim:schemas:extension:enterprise:2.0:user:Department")) == ["IT"])
        #expect(anna.texts(try SCIMPath("emails[type eq \"other\"].value")) == [])
        #expect(anna.texts(try SCIMPath("noSuch.thing")) == [])
    }

    // MARK: A whole resource

    @Test("are made of what a Create says, every value with its type and in its place")
    func making() throws {
        var made = SCIMResource()
        for change in [
            try change("schemas", .add, ["urn:ietf:params:scim:schemas:core:2.0:User"]), try change("userName", .add, ["anna"]),
            try change("active", .add, ["true"], .flag), try change("level", .add, ["3"], .number), try change("code", .add, ["007"]),
            try change("name.givenName", .add, ["Anna"]), try change("name.familyName", .add, ["Berg"]),
            try change("emails[type eq \"work\"].value", .add, ["a@x.no"]),
            try change("emails[type eq \"work\"].primary", .add, ["true"], .flag),
            try change("\(Self.enterprise):manager.value", .add, ["3"]), try change("tags", .add, ["a", "b"]),
        ] {
            change.apply(to: &made)
        }
        #expect(
            text(made.json) == #"{"active":true,"code":"007","emails":[{"primary":true,"type":"work","value":"a@x.no"}],"level":3,"#
                + #""name":{"familyName":"Berg","givenName":"Anna"},"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"tags":["a","b"],"#
                + #""urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"3"}},"userName":"anna"}"#)
    }

    @Test("keep what nobody asks about, and lose what says nothing any more")
    func changing() throws {
        var anna = try resource(anna)
        for change in [
            try change("userName", .set, ["berg"]), try change("emails[type eq \"home\"].value", .remove, []),
            try change("phoneNumbers[type eq \"mobile\"].value", .set, ["+4671"]), try change("name.givenName", .remove, []),
            try change("\(Self.enterprise):department", .remove, []), try change("tags", .remove, ["a"]),
            try change("tags", .add, ["c", "b"]),
            try change("emails[type eq \"work\"].value", .remove, []),
        ] {
            change.apply(to: &anna)
        }
        #expect(anna.texts(try SCIMPath("UserName")) == ["berg"] && anna.members["userName"] == nil)
        // An element that is only primary is nothing either.
        #expect(anna.members["emails"] == nil)
        #expect(text(anna.members["phoneNumbers"]) == #"[{"type":"Mobile","value":"+4671"}]"#)
        #expect(text(anna.members["name"]) == #"{"familyName":"Berg"}"# && text(anna.members["tags"]) == #"["b","c"]"#)
        #expect(text(anna.members[Self.enterprise]) == #"{"manager":{"displayName":"Bo","value":"3"}}"#)
        #expect(anna.members["loginCount"] == .integer(12))
    }

    // MARK: PATCH

    @Test("become what they are to be by the fewest operations, none of which a server refuses for want of a target")
    func patching() throws {
        let anna = try resource(anna)
        func patch(_ name: String, _ operation: RequestOperation = .set, _ values: [String], _ type: ValueType = .text) throws -> String {
            text(try change(name, operation, values, type).patch(of: anna))
        }
        #expect(try patch("title", .set, ["Chief"]) == #"{"op":"replace","path":"title","value":"Chief"}"#)
        #expect(try patch("active", .set, ["false"], .flag) == #"{"op":"replace","path":"active","value":false}"#)
        #expect(try patch("userName", .set, ["anna@example.com"]) == "nothing")
        #expect(try patch("title", .remove, []) == "nothing")
        #expect(try patch("name.givenName", .remove, []) == #"{"op":"remove","path":"name.givenName"}"#)
        #expect(
            try patch("emails[type eq \"home\"].value", .set, ["b@x.no"])
                == #"{"op":"replace","path":"emails[type eq \"home\"].value","value":"b@x.no"}"#)
        #expect(
            try patch("emails[type eq \"other\"].value", .set, ["b@x.no"])
                == #"{"op":"add","path":"emails","value":[{"type":"other","value":"b@x.no"}]}"#)
        #expect(try patch("emails[type eq \"home\"].value", .remove, []) == #"{"op":"remove","path":"emails[type eq \"home\"]"}"#)
        #expect(try patch("tags", .add, ["b", "c"]) == #"{"op":"replace","path":"tags","value":["a","b","c"]}"#)
        #expect(try patch("tags", .remove, ["a"]) == #"{"op":"replace","path":"tags","value":["b"]}"#)
        #expect(try patch("tags", .remove, ["z"]) == "nothing")
        #expect(try patch("loginCount", .set, ["12"], .number) == "nothing")
        #expect(
            try patch("\(Self.enterprise):manager.value", .set, ["9"])
                == #"{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value","value":"9"}"#)
    }

    @Test("keep numbers and flags what they are, and text that looks like them text")
    func types() {
        #expect(JSONValue("12", .number) == .integer(12) && JSONValue("12", .text) == .string("12"))
        #expect(JSONValue("true", .flag) == .bool(true) && JSONValue("yes", .flag) == .string("yes"))
        #expect(JSONValue("1e3", .number) == .string("1e3"))
    }

    @Test("JSON is read as it is written", arguments: ["null", "true", "-9", "1.5", "\"\\u00e5\"", "[]", "[1,\"a\",{\"b\":null}]", "{}"])
    func roundTrip(_ text: String) throws {
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(try JSONValue(parsing: value.bytes) == value)
    }

    @Test("what is no JSON is refused", arguments: ["", "{", "nul", "{\"a\":}", "<html>"])
    func malformed(_ text: String) { #expect(throws: JSONValue.Malformed.self) { try JSONValue(parsing: Array(text.utf8)) } }
}
