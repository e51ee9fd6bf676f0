import Contracts
import Foundation
import IdentityModel
import Planning
import StoreSQL
import Testing

@testable import Provisioning

/// Secrets are in no document: made when they are sent, and kept as a digest that shows a change.
struct SecretRunTests {
    private static let key = SecretDigest(key: Array(1...32))
    /// `password` is given once; the enforced one follows the title.
    private static let rules = """
          userPassword: '"Initial-" + user.employeeId + "-" + out.cn'
          pin: { value: '"Pin-" + user.employeeId + "-" + user.title', sensitive: true, enforce: onChange }
        """

    private func configuration(
        _ world: RunsWorld, rules: String = rules, keeping secrets: SecretKeeping = .digested(key)
    ) throws -> Configuration {
        var files = RunsWorld.files
        let lines = rules.split(separator: "\n").map { "  " + $0.trimmingCharacters(in: .whitespaces) }
        files["PolicyMaps/directory.yaml"] = RunsWorld.map + "\n" + lines.joined(separator: "\n") + "\n"
        return try world.configuration(files).keeping(secrets)
    }

    private func system(_ world: RunsWorld) throws -> ScriptedSystem { try #require(world.systems[RunsWorld.directory]) }

    /// Files of the store, its write-ahead log among them, in which the text stands.
    private func files(_ world: RunsWorld, holding text: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: world.folder.path).filter { $0.hasPrefix("store") }.filter { file in
            let bytes = try Data(contentsOf: world.folder.appendingPathComponent(file))
            return bytes.range(of: Data(text.utf8)) != nil
        }
    }

    private func expectNoSecrets(_ world: RunsWorld, _ location: SourceLocation = #_sourceLocation) async throws {
        for text in ["Initial-E", "Pin-E"] { #expect(try files(world, holding: text) == [], sourceLocation: location) }
        for event in try await world.store.events(after: 0, limit: 1_000) {
            #expect(!event.event.body.contains("Initial-E") && !event.event.body.contains("Pin-E"), sourceLocation: location)
        }
    }

    @Test func `the system gets what is planned, and no file of the store ever holds it`() async throws {
        let world = try await RunsWorld()
        let configuration = try configuration(world)
        try world.write(["E1,Berg,Clerk,active", "E2,Dahl,Clerk,active"])
        #expect(try await world.runs(configuration).plan(PlanRequest(source: SourceName("hr"))) == .done)
        try await expectNoSecrets(world)
        #expect(try await world.sync(nil, configuration) == .done)
        try await expectNoSecrets(world)
        let berg = try #require(try await system(world).entry(named: "cn=Berg,ou=People"))
        #expect(berg.attributes["userPassword"] == ["Initial-E1-Berg"] && berg.attributes["pin"] == ["Pin-E1-Clerk"])
        let written = try #require(try await world.account("E1")?.written)
        #expect(written["userPassword"]?.map(\.isDigest) == [true] && written["pin"]?.map(\.isDigest) == [true])
        // Two people, two digests, whatever their secrets are.
        #expect(written["pin"] != (try await world.account("E2"))?.written["pin"])
    }

    @Test func `an enforced secret that changes is seen, an equal one is no change, and one without enforce is given once`() async throws {
        let world = try await RunsWorld()
        let configuration = try configuration(world)
        #expect(try await world.sync(["E1,Berg,Clerk,active"], configuration) == .done)
        let edited = try self.configuration(world, rules: Self.rules.replacing("Initial-", with: "Other-") + "\n# edited\n")
        #expect(try await world.sync(nil, edited) == .done)
        #expect(try await system(world).operations.count == 1)
        #expect(try await world.sync(["E1,Berg,Chief,active"], edited) == .done)
        let change = try #require(try await system(world).operations.last)
        #expect(change.requests.map(\.name).sorted() == ["pin", "title"])
        #expect(change.requests.first { $0.name == "pin" }?.values == ["Pin-E1-Chief"])
        #expect(try await world.sync(nil, edited) == .done)
        #expect(try await system(world).operations.count == 2)
        try await expectNoSecrets(world)
    }

    @Test func `an order that waits is kept when its secret is the same, and replaced when it is not`() async throws {
        let world = try await RunsWorld()
        let configuration = try configuration(world)
        #expect(try await world.sync(["E1,Berg,Clerk,active"], configuration) == .done)
        try await system(world).goAway()
        _ = try await world.sync(["E1,Berg,Chief,active"], configuration)
        let waiting = try #require(try await world.orders([.pending]).first)
        // Something else is asked for again by an edit: the order is the same.
        let edited = try self.configuration(world, rules: Self.rules + "\n# edited\n")
        _ = try await world.sync(nil, edited)
        #expect(try await world.orders([.pending]).map(\.id) == [waiting.id])
        let other = try self.configuration(world, rules: Self.rules.replacing("Pin-", with: "Pin-Ex-"))
        _ = try await world.sync(nil, other)
        #expect(try await world.orders([.pending]).map(\.id) != [waiting.id])
        try await system(world).comeBack()
        #expect(try await world.sync(nil, other) == .done)
        #expect(try await system(world).entry(named: "cn=Berg,ou=People")?.attributes["pin"] == ["Pin-Ex-E1-Chief"])
        try await expectNoSecrets(world)
    }

    @Test func `after a lost answer a secret is made anew and replaces what is there`() async throws {
        let world = try await RunsWorld()
        let configuration = try configuration(world)
        try await system(world).plan(.doneButLost, for: "cn=Berg,ou=People")
        _ = try await world.sync(["E1,Berg,Clerk,active"], configuration)
        #expect(try await world.sync(nil, configuration) == .done)
        let sent = try await system(world).operations.flatMap(\.requests).filter { $0.name == "userPassword" }
        #expect(sent.map(\.values) == [["Initial-E1-Berg"], ["Initial-E1-Berg"]] && sent.last?.operation == .set)
        #expect(try await world.account("E1")?.written["userPassword"]?.map(\.isDigest) == [true])
        try await expectNoSecrets(world)
    }

    @Test func `another value than the one that was planned is never sent`() async throws {
        let world = try await RunsWorld()
        let configuration = try configuration(world)
        try world.write(["E1,Berg,Clerk,active"])
        #expect(try await world.runs(configuration).plan(PlanRequest(source: SourceName("hr"))) == .done)
        let plan = try #require(try await world.store.plans(limit: 1).first)
        let other = try self.configuration(world, rules: Self.rules.replacing("Pin-", with: "Pin-Ex-"))
        await #expect(throws: InquiryError.configurationChanged(plan)) { try await world.runs(other).apply(plan: plan.ordinal) }
        // Nor of one that was started before the edit.
        try await system(world).goAway()
        _ = try await world.runs(configuration).apply(plan: plan.ordinal)
        try await system(world).comeBack()
        _ = try await world.runs(other).apply(plan: plan.ordinal)
        let order = try #require(try await world.orders().first)
        #expect(order.state == .errored && order.failure?.message.contains("plan again") == true && order.failure?.attribute == "pin")
        #expect(try await system(world).entry(named: "cn=Berg,ou=People") == nil)
        #expect(try await world.sync(nil, other) == .done)
        #expect(try await system(world).entry(named: "cn=Berg,ou=People")?.attributes["pin"] == ["Pin-Ex-E1-Clerk"])
    }

    @Test func `without the key nothing secret is sent and no run ends with 0, but who leaves is withdrawn`() async throws {
        let world = try await RunsWorld()
        let configuration = try configuration(world)
        #expect(try await world.sync(["E1,Berg,Clerk,active", "E2,Dahl,Clerk,active"], configuration) == .done)
        let lost = configuration.keeping(.lost("the key is not there"))
        _ = world.news()
        #expect(try await world.sync(["E1,Berg,Chief,active", "E2,Dahl,Clerk,terminated", "E3,Holm,Clerk,active"], lost) == .held)
        let remarks = world.news().compactMap { if case .remark(let text) = $0 { text } else { nil } }
        #expect(remarks.contains("nothing secret is sent: the key is not there"))
        #expect(try await system(world).entry(named: "cn=Dahl,ou=Disabled") != nil)
        #expect(try await system(world).entry(named: "cn=Holm,ou=People") == nil)
        #expect(try await system(world).entry(named: "cn=Berg,ou=People")?.attributes["pin"] == ["Pin-E1-Clerk"])
        // The key is back, and nobody wrote another file.
        #expect(try await world.sync(nil, configuration) == .done)
        #expect(try await system(world).entry(named: "cn=Holm,ou=People")?.attributes["userPassword"] == ["Initial-E3-Holm"])
        #expect(try await system(world).entry(named: "cn=Berg,ou=People")?.attributes["pin"] == ["Pin-E1-Chief"])
    }

    @Test func `what a server says of a secret is kept without it`() async throws {
        let world = try await RunsWorld()
        let configuration = try configuration(world)
        #expect(try await world.sync(["E1,Berg,Clerk,active"], configuration) == .done)
        let words = ConnectorFailure(.permanent, "the value Pin-E1-Chief is refused", serverText: "LDAP 19: 'Pin-E1-Chief' is too short")
        try await system(world).refuse(attribute: "pin", words)
        #expect(try await world.sync(["E1,Berg,Chief,active"], configuration) == .failed)
        try await expectNoSecrets(world)
        let failure = try #require(try await world.orders([.errored]).first?.failure)
        #expect(failure.message.contains("the value •••••• is refused") && failure.serverText == "LDAP 19: '••••••' is too short")
    }

    @Test func `a plan from before the key was lost sends nothing secret either`() async throws {
        let world = try await RunsWorld()
        let configuration = try configuration(world)
        try world.write(["E1,Berg,Clerk,active"])
        #expect(try await world.runs(configuration).plan(PlanRequest(source: SourceName("hr"))) == .done)
        let plan = try #require(try await world.store.plans(limit: 1).first)
        let lost = configuration.keeping(.lost("the key is not there"))
        #expect(try await world.runs(lost).apply(plan: plan.ordinal) == .held)
        #expect(try await system(world).operations == [])
        #expect(try await world.orders().first?.failure?.message.contains("the key is not there") == true)
    }

    @Test func `who leaves is withdrawn although a secret is not what was planned`() async throws {
        let world = try await RunsWorld()
        let rules = "pin: { value: '\"Pin-\" + (account.enabled ? \"on\" : \"off\")', sensitive: true, enforce: onChange }"
        let configuration = try configuration(world, rules: rules)
        #expect(try await world.sync(["E1,Berg,Clerk,active"], configuration) == .done)
        try world.write(["E1,Berg,Clerk,terminated"])
        #expect(try await world.runs(configuration).plan(PlanRequest(source: SourceName("hr"))) == .done)
        let plan = try #require(try await world.store.plans(limit: 1).first)
        let other = try self.configuration(world, rules: rules.replacing("Pin-", with: "Pin-Ex-"))
        try await system(world).goAway()
        _ = try await world.runs(configuration).apply(plan: plan.ordinal)
        try await system(world).comeBack()
        _ = try await world.runs(other).apply(plan: plan.ordinal)
        let entry = try #require(try await system(world).entry(named: "cn=Berg,ou=Disabled"))
        #expect(entry.attributes["pin"] == ["Pin-on"] && entry.groups.isEmpty)
        #expect(try await world.orders().last?.state == .executed)
    }

    @Test func `an entry that was there before us keeps its password, and gets what is enforced`() async throws {
        let world = try await RunsWorld()
        let configuration = try configuration(world)
        try await system(world).add(name: "cn=B. Berg,ou=People", ["number": ["E1"], "userPassword": ["own"], "pin": ["own"]])
        #expect(try await world.sync(["E1,Berg,Clerk,active"], configuration) == .done)
        let entry = try #require(try await system(world).entry(named: "cn=Berg,ou=People"))
        #expect(entry.attributes["userPassword"] == ["own"] && entry.attributes["pin"] == ["Pin-E1-Clerk"])
        #expect(try await world.sync(nil, self.configuration(world, rules: Self.rules + "\n# edited\n")) == .done)
        #expect(try await system(world).entry(named: "cn=Berg,ou=People")?.attributes["userPassword"] == ["own"])
        try await expectNoSecrets(world)
    }

    @Test func `a store that held secrets in clear holds digests, and what waits in it is carried out all the same`() async throws {
        let world = try await RunsWorld()
        let older = try configuration(world, keeping: .inClear)
        #expect(try await world.sync(["E1,Berg,Clerk,active"], older) == .done)
        try world.write(["E1,Berg,Chief,active"])
        #expect(try await world.runs(older).plan(PlanRequest(source: SourceName("hr"))) == .done)
        #expect(try files(world, holding: "Initial-E1") != [] && files(world, holding: "Pin-E1-Chief") != [])
        let sweep = SecretSweep(configuration: older, digest: Self.key, store: world.store)
        #expect(try await sweep.run() == 3)
        #expect(try await sweep.run() == 0)
        try await expectNoSecrets(world)
        let plan = try #require(try await world.store.plans(limit: 1).first)
        let configuration = try configuration(world)
        #expect(try await world.runs(configuration).apply(plan: plan.ordinal) == .done)
        #expect(try await system(world).entry(named: "cn=Berg,ou=People")?.attributes["pin"] == ["Pin-E1-Chief"])
        #expect(try await world.sync(nil, configuration) == .done)
        #expect(try await system(world).operations.count == 2)
    }

    @Test func `an attribute that is called sensitive later is swept as well`() async throws {
        let world = try await RunsWorld()
        let rule = "pin: '\"Pin-\" + user.employeeId'"
        let plain = try configuration(world, rules: rule)
        #expect(try await SecretSweep(configuration: plain, digest: Self.key, store: world.store).run() == 0)
        #expect(try await world.sync(["E1,Berg,Clerk,active"], plain) == .done)
        let secret = try configuration(world, rules: "pin: { value: '\"Pin-\" + user.employeeId', sensitive: true, enforce: onChange }")
        #expect(try await SecretSweep(configuration: secret, digest: Self.key, store: world.store).run() > 0)
        #expect(try files(world, holding: "Pin-E1") == [])
        #expect(try await world.sync(nil, secret) == .done)
        #expect(try await system(world).operations.count == 1)
    }
}
