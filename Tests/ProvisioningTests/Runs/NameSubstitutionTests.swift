import Contracts
import IdentityModel
import Kinds
import Planning
import PolicyFiles
import Provisioning
import StoreSQL
import Testing

/// Another name is given where a name is taken, and only there.
struct NameSubstitutionTests {
    @Test func `whoever is named by another attribute than before, and whose name a stranger has, gets the next one`() async throws {
        let system = ScriptedSystem()
        let world = try await RunsWorld([RunsWorld.directory: system])
        func configuration(naming: String) throws -> Configuration {
            var files = RunsWorld.files
            files["PolicyMaps/directory.yaml"] = RunsWorld.map.replacing(
                "cn: user.lastName",
                with:
                    "cn: { unique: { in: [store, target], scope: container, candidates: [ \"user.lastName\", 'user.lastName + \" 2\"' ] } }"
            ).replacing("'\"cn=\" + out.cn +", with: "'\(naming) +")
            return try world.configuration(files)
        }
        let rows = ["E1,Berg,Clerk,active"]
        #expect(try await world.sync(rows, try configuration(naming: "\"number=\" + out.number")) == .done)
        await system.add(name: "cn=Berg,ou=People", [:])
        await system.plan(
            .fails(ConnectorFailure(.conflict, "the name is taken", serverText: "68", attribute: "dn")), for: "number=E1,ou=People")
        let byName = try configuration(naming: "\"cn=\" + out.cn")
        #expect(try await world.sync(rows, byName, day: 1) == .done)
        #expect(await system.entry(named: "cn=Berg 2,ou=People")?.attributes["number"] == ["E1"])
        #expect(await system.entry(named: "cn=Berg 2,ou=People")?.attributes["cn"] == ["Berg 2"])
        _ = world.news()
        #expect(try await world.sync(rows, byName, day: 2) == .done)
        #expect(world.plansSealed() == 0)
    }

    private let directory = SystemName("Directory")

    private func configuration(match: String = "caseInsensitive", enforce: String = "onChange") throws -> Configuration {
        let files = [
            "birthright.yaml": """
            store: { sqlite: store.sqlite }
            sources:
              hr: { files: "*.csv", key: "row.ID", contract: { columns: [ID, LAST] }, map: { employeeId: "row.ID", lastName: "row.LAST" } }
            """,
            "Roles.yaml": "roles:\n  Employee: { entitlements: [ { system: Directory } ] }\n",
            "Rules.yaml": "rules:\n  everybody: { when: \"true\", roles: [Employee] }\n",
            "PolicyMaps/directory.yaml": """
            managedSystem: Directory
            connector: { type: ldap, url: ldaps://127.0.0.1, bindDN: cn=x, base: dc=example }
            correlation: [ number ]
            accountName: dn
            attributes:
              number: user.employeeId
              login:
                enforce: \(enforce)
                unique:
                  match: \(match)
                  candidates: [ "user.lastName", 'user.lastName + "2"', 'user.lastName + "3"' ]
              cn:
                unique:
                  scope: container
                  candidates: [ "user.lastName", 'user.lastName + " (" + out.login + ")"' ]
              dn: '"cn=" + out.cn + ",ou=People"'
            """,
        ]
        let (loaded, diagnostics) = ConfigurationLoader.load(
            ConfigurationFiles(
                files: files.mapValues { Array($0.utf8) }, kinds: Kinds.all, environment: [:], readSecretFile: { _ in nil }))
        return try #require(loaded, "\(diagnostics)")
    }

    /// The order of a joiner called Berg, and what names it anew.
    private func joiner(
        _ world: DispatchWorld, _ system: ScriptedSystem, match: String = "caseInsensitive", enforce: String = "onChange"
    ) async throws -> (
        ProvisioningOrder, NameSubstitution
    ) {
        let configuration = try configuration(match: match, enforce: enforce)
        var order = joins("E1", system: directory, groups: [])
        order.requests = ["number": "E1", "login": "Berg", "cn": "Berg"].sorted { $0.key < $1.key }.map { name, value in
            AttributeRequest(name: name, operation: .add, before: [], after: [.text(value)])
        }
        order.nameAfter = AccountName("cn=Berg,ou=People")
        order.claims = [
            NameClaim(system: directory, attribute: "login", scope: "", folded: match == "exact" ? "Berg" : "berg"),
            NameClaim(system: directory, attribute: "cn", scope: "ou=people", folded: "berg"),
        ]
        let user = User(
            id: order.user, key: order.userKey, source: SourceName("hr"), status: .active,
            attributes: ["employeeId": .string("E1"), "lastName": .string("Berg")], version: 0)
        var chunk = PlanChunk()
        let assignments = [RoleAssignment(role: RoleName("Employee"), origin: .rule("everybody"))]
        chunk.changes = [
            UserChange(
                change: .joiner, user: user, before: nil, assignments: assignments, assignmentsBefore: [], claim: nil, due: nil, reasons: []
            )
        ]
        let plan = try await world.store.begin(.due, configurationHash: "c", asOf: CivilDate(days: 1), at: DispatchWorld.start)
        _ = try await world.store.save(chunk, to: plan.id)
        var sealed = plan
        sealed.seal = "s"
        _ = try await world.store.seal(sealed, profile: nil, superseding: nil, at: DispatchWorld.start)
        _ = try await world.store.startApplying(plan.id, at: DispatchWorld.start)
        return (order, NameSubstitution(configuration: configuration, store: world.store, connectors: [directory: system]))
    }

    private func login(_ order: ProvisioningOrder?) -> String? { order?.requests.first { $0.name == "login" }?.after.first?.text }

    @Test(arguments: ["caseInsensitive", "exact"])
    func `a login that is taken is replaced, however names are compared`(match: String) async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        let (order, names) = try await joiner(world, system, match: match)
        let other = try await names.substitute(for: order, taken: NameProbe(attribute: "login", value: "Berg", container: nil))
        #expect(login(other) == "Berg2")
        #expect(other?.nameAfter == order.nameAfter)
    }

    @Test func `a value that is no name of the map renames nobody`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        let (order, names) = try await joiner(world, system)
        #expect(try await names.substitute(for: order, taken: NameProbe(attribute: "number", value: "E1", container: nil)) == nil)
        // The server did not say what it was, and no name of the order is held by anybody.
        #expect(try await names.substitute(for: order, taken: nil) == nil)
    }

    @Test func `where the entry's own name is taken, what stands in it is replaced, and the login stays`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        let (order, names) = try await joiner(world, system)
        await system.add(name: "cn=berg,OU=people", [:])
        for taken in [NameProbe(attribute: "dn", value: "cn=Berg,ou=People", container: nil), nil] {
            let other = try await names.substitute(for: order, taken: taken)
            #expect(other?.nameAfter == AccountName("cn=Berg (Berg),ou=People") && login(other) == "Berg")
        }
    }

    @Test func `who adopts an entry under another name is named by the login that the entry brought along`() async throws {
        let (world, system) = (try await DispatchWorld(), ScriptedSystem())
        var (order, names) = try await joiner(world, system, enforce: "onCreate")
        order.operation = .modify
        order.adopts = true
        order.accountID = AccountID("there")
        order.nameBefore = AccountName("cn=Foreign,ou=Annex")
        order.requests = [AttributeRequest(name: "cn", operation: .set, before: [.text("Foreign")], after: [.text("Berg")])]
        order.takenOver = ["login": [.text("foreign")], "number": [.text("E1")]]
        order.claims[0] = NameClaim(system: directory, attribute: "login", scope: "", folded: "foreign")
        let other = try await names.substitute(for: order, taken: NameProbe(attribute: "cn", value: "Berg", container: "ou=People"))
        #expect(other?.nameAfter == AccountName("cn=Berg (foreign),ou=People"))
        #expect(other?.requests.map(\.after) == [[.text("Berg (foreign)")]])
    }
}
