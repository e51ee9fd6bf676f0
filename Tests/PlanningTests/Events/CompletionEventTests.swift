import ChildProcesses
import Foundation
import IdentityModel
import Planning
import Testing

/// `ProvisioningCompleted` in SailPoint's shape.
struct CompletionEventTests {
    private let recipient = CompletionEvent.Recipient(id: UserID("u-0042"), key: UserKey("E0042"), name: "Zoë \"Zed\" Berg")
    private let directory = SystemName("Corp Directory")

    static func order(
        _ state: OrderState, system: String = "Corp Directory", operation: IdentityModel.Operation = .create, sequence: Int = 1,
        requests: [AttributeRequest] = [], warnings: [String] = [], failure: ConnectorFailure? = nil
    ) -> ProvisioningOrder {
        ProvisioningOrder(
            id: OrderID(plan: PlanID(row: 1), sequence: sequence), user: UserID("u-0042"), userKey: UserKey("E0042"),
            userName: "Zoë \"Zed\" Berg",
            system: SystemName(system), operation: operation, state: state, change: .joiner, reasons: [], warnings: warnings,
            nameAfter: AccountName("cn=Zoë Berg,ou=People"), requests: requests, becomes: .enabled, userVersion: 1, accountVersion: 0,
            failure: failure)
    }

    static let requests = [
        AttributeRequest(name: "objectClass", operation: .add, before: [], after: [.text("inetOrgPerson"), .text("adAccount")]),
        AttributeRequest(name: "title", operation: .set, before: [.text("Clerk")], after: [.text("Chief")]),
        AttributeRequest(name: "mobile", operation: .remove, before: [.text("+47 1")], after: []),
        AttributeRequest(name: "manager", operation: .set, before: [], after: [.reference(UserKey("E0001"))]),
        AttributeRequest(name: "userPassword", operation: .set, before: [], after: [.text("geheim")]),
        AttributeRequest(kind: .membership, name: "memberOf", operation: .add, before: [], after: [.text("cn=Staff")]),
    ]

    private func render(
        _ orders: [ProvisioningOrder], names: [CompletionEvent.Reference: AccountName] = [:], sequence: Int = 1
    ) throws -> (event: OutboxEvent, body: JSON) {
        let event = CompletionEvent.render(recipient: recipient, ordinal: 7, sequence: sequence, orders: orders, accountNames: names)
        return (event, try JSON(parsing: event.body))
    }

    private func values(_ body: JSON) -> [String] {
        body["accountRequests"]?.arrayValue?.first?["attributeRequests"]?.arrayValue?.map { request in
            [request["operation"], request["attributeName"], request["attributeValue"]].map { $0?.stringValue ?? "-" }.joined(
                separator: " ")
        } ?? []
    }

    @Test func `the whole event of a joiner reads as SailPoint's subscribers expect it`() throws {
        let request = AttributeRequest(name: "sn", operation: .add, before: [], after: [.text("Berg")])
        let event = try render([Self.order(.executed, requests: [request])]).event
        let tracking = CompletionEvent.trackingNumber(ordinal: 7, user: recipient.id)
        #expect(
            event.body == """
                {"trackingNumber":"\(tracking)","sources":"Corp Directory","action":"joiner",\
                "recipient":{"type":"IDENTITY","id":"u-0042","name":"Zoë \\"Zed\\" Berg"},"accountRequests":[\
                {"source":{"id":"41a251263434bb718395659bd10b93fe","type":"SOURCE","name":"Corp Directory"},\
                "accountId":"cn=Zoë Berg,ou=People","accountOperation":"Create","provisioningResult":"SUCCESS",\
                "provisioningTarget":"Corp Directory","attributeRequests":[\
                {"attributeName":"sn","attributeValue":"Berg","operation":"Add"}]}]}
                """)
        #expect(event.trackingNumber == tracking)
        #expect(event.sequence == 1)
        #expect(event.userKey == UserKey("E0042"))
    }

    @Test func `the tracking number is one per user and plan, and the same in every process`() {
        let number = CompletionEvent.trackingNumber(ordinal: 7, user: UserID("u-0042"))
        #expect(number == "bc497e2b494e179c5f754699cdb00f86")
        #expect(CompletionEvent.trackingNumber(ordinal: 8, user: UserID("u-0042")) != number)
        #expect(CompletionEvent.trackingNumber(ordinal: 7, user: UserID("u-0043")) != number)
    }

    @Test func `a list becomes one request per value, a removal names what goes, and a password is never printed`() throws {
        let names = [CompletionEvent.Reference(system: directory, user: UserReference(UserKey("E0001"))): AccountName("cn=Ada,ou=People")]
        let body = try render([Self.order(.executed, requests: Self.requests)], names: names).body
        #expect(
            values(body) == [
                "Add objectClass inetOrgPerson", "Add objectClass adAccount", "Set title Chief", "Remove mobile +47 1",
                "Set manager cn=Ada,ou=People", "Set userPassword ••••••", "Add memberOf cn=Staff",
            ])
    }

    @Test(arguments: ["userPassword", "sambaNTPassword", "unicodePwd", "krbPrincipalKey", "userPassword;binary"])
    func `no event shows what an attribute holds whose name says that it is a secret`(name: String) throws {
        let requests = [
            AttributeRequest(name: name, operation: .set, before: [.text("old")], after: [.text("geheim")]),
            AttributeRequest(name: name, operation: .remove, before: [.text("geheim")], after: []),
        ]
        let (event, body) = try render([Self.order(.executed, requests: requests)])
        #expect(values(body) == ["Set \(name) ••••••", "Remove \(name) ••••••"])
        #expect(!event.body.contains("geheim"))
    }

    @Test func `nor what the configuration calls sensitive`() throws {
        let request = AttributeRequest(name: "badge", operation: .set, before: [], after: [.text("geheim")], isMarkedSensitive: true)
        #expect(values(try render([Self.order(.executed, requests: [request])]).body) == ["Set badge ••••••"])
    }

    @Test func `a reference nobody can resolve is printed as the account of its user`() throws {
        let elsewhere = [
            CompletionEvent.Reference(system: SystemName("Other"), user: UserReference(UserKey("E0001"))): AccountName("cn=Ada")
        ]
        let body = try render([Self.order(.executed, requests: [Self.requests[3]])], names: elsewhere).body
        #expect(values(body) == ["Set manager account of E0001"])
    }

    @Test(arguments: [
        (OrderState.executed, "SUCCESS"), (.verified, "SUCCESS"), (.errored, "FAILED"), (.withdrawn, "FAILED"),
        (.evaluationFailed, "FAILED"),
        (.pending, "PENDING"), (.transmitted, "PENDING"), (.awaitingApproval, "PENDING"), (.planned, "PENDING"),
    ])
    func `the result follows the state of the order`(state: OrderState, result: String) throws {
        let body = try render([Self.order(state)]).body
        #expect(body["accountRequests"]?.arrayValue?.first?["provisioningResult"]?.stringValue == result)
    }

    @Test func `errors and warnings name their system; both systems are among the sources, each once`() throws {
        let failure = ConnectorFailure(.permanent, "constraint violated", serverText: "LDAP 19: mail")
        let body = try render([
            Self.order(.errored, system: "Mail", sequence: 3, failure: failure),
            Self.order(.executed, sequence: 2, warnings: ["mobile left alone"]),
            Self.order(.executed, operation: .modify, sequence: 9),
        ]).body
        #expect(body["sources"]?.stringValue == "Corp Directory, Mail")
        #expect(body["errors"]?.strings == ["Mail: constraint violated (LDAP 19: mail)"])
        #expect(body["warnings"]?.strings == ["Corp Directory: mobile left alone"])
        #expect(body["accountRequests"]?.arrayValue?.compactMap { $0["accountOperation"]?.stringValue } == ["Create", "Modify", "Create"])
    }

    @Test func `what was left for a later order is a warning here and a request there`() throws {
        var deferred = Self.requests[3]
        deferred.outcome = .deferred("sent later")
        let body = try render([Self.order(.executed, requests: [deferred])]).body
        #expect(values(body) == [])
        #expect(body["warnings"]?.strings == ["Corp Directory: manager: sent later"])
    }

    // MARK: The vendor's own model

    @Test(.enabled(if: SailPointModel.isInstalled, "needs python3 with sailpoint==2.1.72 (BIRTHRIGHT_PYTHON names another interpreter)"))
    func `SailPoint's own model accepts every kind of event without a warning`() throws {
        let failure = ConnectorFailure(.permanent, "constraint violated")
        let samples = try [
            render([Self.order(.executed, requests: Self.requests)]).event.body,
            render([Self.order(.errored, warnings: ["w"], failure: failure), Self.order(.pending, system: "Mail")], sequence: 2).event.body,
            render([Self.order(.withdrawn, operation: .delete)]).event.body, render([]).event.body,
        ]
        for sample in samples { #expect(try SailPointModel.validate(sample) == "accepted") }
        // The check itself must be able to fail.
        let wrong = samples[0].replacingOccurrences(of: "SUCCESS", with: "Success")
        #expect(try SailPointModel.validate(wrong) != "accepted")
    }
}

/// Runs an event through `sailpoint.triggers.models.ProvisioningCompleted`, warnings as errors.
private enum SailPointModel {
    static let python = ProcessInfo.processInfo.environment["BIRTHRIGHT_PYTHON"] ?? "python3"
    static let isInstalled = (try? run("import sailpoint.triggers.models; print('accepted')", input: "")) == "accepted"

    static func validate(_ event: String) throws -> String {
        let script = """
            import sys, warnings
            from sailpoint.triggers.models.provisioning_completed import ProvisioningCompleted
            warnings.simplefilter('error')
            try:
                ProvisioningCompleted.from_json(sys.stdin.read())
                print('accepted')
            except Exception as problem:
                print(repr(problem))
            """
        return try run(script, input: event)
    }

    private static func run(_ script: String, input: String) throws -> String {
        let child = try ChildProcess("/usr/bin/env", [python, "-c", script], output: .pipe, errors: .nowhere, hasInput: true)
        try child.input?.write(contentsOf: Data(input.utf8))
        try child.input?.close()
        let output = try child.output?.readToEnd() ?? Data()
        child.wait()
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
