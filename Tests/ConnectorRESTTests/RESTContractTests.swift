import ContractTesting
import Contracts
import Foundation
import IdentityModel
import Testing

@testable import ConnectorREST

/// The contract of every connector, kept by requests that a policy map describes, on services that have nothing in common.
@Suite("Connector REST")
struct RESTContractTests {
    static let groups = ["Staff", "VIP"]
    private static let attributes = ["login", "number", "person.last", "title", "tags", "active"]

    static let plain: [String: String] = [
        "account.id": "uid", "errorText": "message",
        "requests": "", "requests.find": "", "requests.find.get": "/people/{id}",
        "requests.search": "", "requests.search.get": "/people?{attribute}={value}", "requests.search.items": "people",
        "requests.enumerate": "", "requests.enumerate.get": "/people?page={page}", "requests.enumerate.items": "people",
        "requests.create": "", "requests.create.post": "/people", "requests.create.body": "changes",
        "requests.modify": "", "requests.modify.patch": "/people/{id}", "requests.modify.body": "changes",
        "requests.rename": "", "requests.rename.patch": "/people/{id}", "requests.rename.body": "{'login': newName}",
        "requests.disable": "", "requests.disable.patch": "/people/{id}", "requests.disable.body": "{'active': false, 'until': today}",
        "requests.enable": "", "requests.enable.patch": "/people/{id}", "requests.enable.body": "{'active': true, 'until': null}",
        "requests.delete": "", "requests.delete.delete": "/people/{id}",
        "requests.memberships": "", "requests.memberships.get": "/people/{id}/groups",
        "requests.addMembership": "", "requests.addMembership.put": "/groups/{group}/members/{id}",
        "requests.removeMembership": "", "requests.removeMembership.delete": "/groups/{group}/members/{id}",
    ]

    static let enveloped: [String: String] = [
        "account.id": "uid", "account.readOnly": "changedAt", "group.id": "gid", "group.name": "title", "errorText": "error.text",
        "answers.success": "status == 200 && body.ok", "answers.gone": "body.error.code == 'NOT_FOUND'",
        "answers.conflict": "body.error.code in ['DUPLICATE', 'SO_ALREADY']",
        "requests": "", "requests.find": "", "requests.find.get": "/people/{id}", "requests.find.item": "data",
        "requests.search": "", "requests.search.post": "/people/search",
        "requests.search.body": "{'attribute': attribute, 'value': value, 'cursor': cursor}", "requests.search.items": "data.rows",
        "requests.search.next": "data.next",
        "requests.enumerate": "", "requests.enumerate.get": "/people?cursor={cursor}", "requests.enumerate.items": "data.rows",
        "requests.enumerate.next": "data.next",
        "requests.create": "", "requests.create.post": "/people", "requests.create.body": "record", "requests.create.item": "data",
        "requests.modify": "", "requests.modify.put": "/people/{id}", "requests.modify.body": "record",
        "requests.rename": "", "requests.rename.patch": "/people/{id}", "requests.rename.body": "{'login': newName}",
        "requests.disable": "", "requests.disable.patch": "/people/{id}", "requests.disable.body": "{'until': today}",
        "requests.enable": "", "requests.enable.patch": "/people/{id}", "requests.enable.body": "{'until': null}",
        "requests.delete": "", "requests.delete.delete": "/people/{id}",
        "requests.memberships": "", "requests.memberships.get": "/people/{id}/groups", "requests.memberships.items": "data",
        "requests.group": "", "requests.group.get": "/groups/{group}", "requests.group.item": "data",
        "requests.searchGroup": "", "requests.searchGroup.get": "/groups?name={group}", "requests.searchGroup.items": "data",
        "requests.addMembership": "", "requests.addMembership.put": "/groups/{group}/members/{id}",
        "requests.removeMembership": "", "requests.removeMembership.delete": "/groups/{group}/members/{id}",
    ]

    struct Service: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let ways: OddREST.Ways
        let values: [String: String]

        init(_ name: String, _ values: [String: String], _ change: (inout OddREST.Ways) -> Void = { _ in }) {
            testDescription = name
            var ways = OddREST.Ways()
            change(&ways)
            self.ways = ways
            self.values = values
        }
    }

    static let services = [
        Service("plain", plain),
        Service("with envelopes, small pages and versions", enveloped) { ($0.hasEnvelopes, $0.largestPage) = (true, 30) },
        Service("searches ignored", plain) { $0.ignoresSearches = true },
        Service("no searches", plain.filter { !$0.key.hasPrefix("requests.search") }) { $0.largestPage = 50 },
        Service("every seventh request refused for now", enveloped) { ($0.hasEnvelopes, $0.storms) = (true, 7) },
    ]

    static func connector(_ server: OddREST, _ values: [String: String], attributes: [String] = attributes) throws -> RESTConnector {
        let setup = ConnectorSetup(
            AdapterSetup(values: values, folder: ""), lookedForBy: ["number"], attributes: attributes, lists: ["tags"],
            accountName: "login", correlation: ["number"]
        )
        var settings = WebSettings(url: server.url, realm: "odd", token: Sensitive("t"))
        settings.settlingSeconds = 0
        return try RESTConnector(settings, RESTDescription(setup))
    }

    private func vocabulary(_ server: OddREST) -> ConnectorSuite.Vocabulary {
        var vocabulary = ConnectorSuite.Vocabulary(
            containers: ["people.example.com", "left.example.com"], name: { AccountName("\($0)@\($1)") },
            attributes: { ["person.last": [$0]] }, correlation: "number", text: "title", list: "tags", unique: nil, groups: Self.groups,
            members: { server.members(of: $0) })
        vocabulary.hasPlaces = false
        vocabulary.groupsHoldNames = false
        return vocabulary
    }

    /// It needs the name of a group that cannot be one.
    private static let leftOut = "a leaver whose membership cannot be removed is switched off and moved all the same"

    @Test(arguments: services)
    func `keeps the contract of every connector`(_ service: Service) async throws {
        #expect(RESTKeys.problems(service.values) == [])
        let server = try OddREST(service.ways, groups: Self.groups)
        defer { server.stop() }
        let suite = ConnectorSuite(vocabulary(server)) { try Self.connector(server, service.values) }
        for check in ConnectorSuite.checks where check.name != Self.leftOut {
            do { try await suite.run(check) } catch { Issue.record(error, "\(check.name)") }
        }
    }
}
