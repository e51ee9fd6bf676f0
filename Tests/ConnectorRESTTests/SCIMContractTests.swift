import ContractTesting
import Contracts
import Foundation
import HTTPTransport
import IdentityModel
import Testing

@testable import ConnectorREST

/// The contract of every connector, kept on a real SCIM server.
@Suite("Connector SCIM", .enabled(if: SCIMServer.isThere, "no scim2-server at \(SCIMServer.program); .ci/setup installs it"))
struct SCIMContractTests {
    private static let groups = ["Staff", "VIP"]

    static func vocabulary(_ server: SCIMServer) -> ConnectorSuite.Vocabulary {
        var vocabulary = ConnectorSuite.Vocabulary(
            containers: ["people.example.com", "left.example.com"], name: { AccountName("\($0)@\($1)") },
            attributes: { ["name.familyName": [$0]] }, correlation: "externalId", text: "title", list: nil, unique: nil, groups: groups,
            members: { try await members(of: $0, server) })
        vocabulary.hasPlaces = false
        vocabulary.groupsHoldNames = false
        return vocabulary
    }

    /// The userNames of a group's members, by the group itself.
    private static func members(of name: String, _ server: SCIMServer) async throws -> [String] {
        let client = try server.client()
        let filter = "displayName eq \(name.filterText)".queryEscaped
        let found = try await client.send(.get, "/Groups?filter=\(filter)").body.map(SCIMPage.init)?.resources ?? []
        let ids = found.first?.members(named: "members").compactMap { $0.member("value")?.text } ?? []
        var names: [String] = []
        for id in ids {
            if let user = try await client.send(.get, "/Users/\(id)").body.flatMap(SCIMResource.init) { names.append(user.userName.text) }
        }
        return names
    }

    static func started() async throws -> SCIMServer {
        let server = try await SCIMServer()
        let client = try server.client()
        for group in groups {
            let schemas = JSONValue.array([.string("urn:ietf:params:scim:schemas:core:2.0:Group")])
            _ = try await client.send(.post, "/Groups", .object(["schemas": schemas, "displayName": .string(group)]))
        }
        return server
    }

    static func connector(_ server: SCIMServer) throws -> SCIMConnector {
        var settings = WebSettings(url: server.url, realm: "test", token: Sensitive(SCIMServer.token))
        settings.settlingSeconds = 0
        return try SCIMConnector(settings, attributes: ["externalId", "title", "name.familyName"], correlation: ["externalId"])
    }

    /// What they need is a place that does not exist, or the name of a group that cannot be one.
    private static let needPlaces: Set<String> = [
        "a leaver whose membership cannot be removed is switched off and moved all the same",
        "an exchange that is refused half way leaves both accounts reachable",
        "who is withdrawn is switched off, out of the groups and changed, although the move is refused",
    ]

    @Test func `only checks that need a place are left out`() {
        #expect(Self.needPlaces.isSubset(of: ConnectorSuite.checks.map(\.name)))
    }

    @Test func `keeps the contract of every connector`() async throws {
        let server = try await Self.started()
        defer { server.stop() }
        let suite = ConnectorSuite(Self.vocabulary(server)) { try Self.connector(server) }
        for check in ConnectorSuite.checks where !Self.needPlaces.contains(check.name) {
            do {
                try await suite.run(check)
            } catch {
                Issue.record(error, "\(check.name)")
            }
        }
    }
}
