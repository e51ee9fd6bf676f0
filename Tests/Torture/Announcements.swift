import Foundation
import Histories
import IdentityModel
import Planning

/// Events against what servers told: SUCCESS stands only where every request was answered "done" or "already so", or, for attributes and existence,
/// where a look showed it; for memberships never by a look (law.md, events).
struct Announcements {
    /// How much each server had told when a run began that sealed plans; an event can be true by nothing older than its plan.
    private(set) var beginnings: [Int: [String: Int]] = [:]

    mutating func note(plans: [Plan], told: [String: Int]) {
        for ordinal in plans.compactMap(\.ordinal) where beginnings[ordinal] == nil { beginnings[ordinal] = told }
    }

    private struct Event: Decodable {
        struct Source: Decodable { let name: String }
        struct Attribute: Decodable {
            let attributeName: String
            let attributeValue: String
            let operation: String
        }
        struct Account: Decodable {
            let source: Source
            let accountId: String?
            let accountOperation: String
            let provisioningResult: String
            let attributeRequests: [Attribute]
        }
        let trackingNumber: String
        let accountRequests: [Account]
    }

    /// What events claim and nobody told.
    func untrue(_ events: [OutboxEvent], _ servers: [String: ScriptedServer]) throws -> [String] {
        var found: [String] = []
        for event in events {
            let body = try JSONDecoder().decode(Event.self, from: Data(event.body.utf8))
            let ordinal = beginnings.keys.first { CompletionEvent.trackingNumber(ordinal: $0, user: event.user) == event.trackingNumber }
            for account in body.accountRequests where account.provisioningResult == "SUCCESS" {
                guard let server = servers[account.source.name] else { continue }
                let first = ordinal.flatMap { beginnings[$0]?[account.source.name] } ?? 0
                let witness = Witness(server.record, since: first, account: account.accountId ?? "")
                for request in account.attributeRequests
                where !witness.confirms(request.attributeName, request.operation, request.attributeValue) {
                    found.append(
                        "\(event.userKey) \(account.accountOperation) on \(account.source.name) (plan \(ordinal ?? 0), \(event.sequence)): "
                            + "\(request.operation) \(request.attributeName) \(request.attributeValue) is called SUCCESS")
                }
            }
        }
        return found
    }
}

/// What a server told of one account since a moment.
private struct Witness {
    private let deeds: ArraySlice<Deed>
    private let ids: Set<String>
    private let names: Set<String>

    init(_ record: ServerRecord, since first: Int, account: String) {
        deeds = record.told[min(first, record.told.count)...]
        let ids = record.entries(called: account)
        self.ids = Set(ids)
        names = ids.reduce(into: [foldedName(account)]) { $0.formUnion(record.names(of: $1)) }
    }

    func confirms(_ attribute: String, _ operation: String, _ value: String) -> Bool {
        let isRemoval = operation.lowercased() == "remove"
        if attribute == "memberOf" {
            return deeds.contains { deed in
                if case .member(let name, let group, let joins) = deed {
                    group == foldedName(value) && joins != isRemoval && names.contains(name)
                } else {
                    false
                }
            }
        }
        // The account's own name, and names of others, are followed through renames by whoever compares at the end.
        guard attribute != "dn", attribute != "manager" else { return true }
        return deeds.contains { deed in
            switch deed {
            case .wrote(let id, let values), .shown(let id, let values):
                guard ids.contains(id) else { return false }
                guard let held = values[attribute.lowercased()] else {
                    if case .shown = deed { return isRemoval }
                    return false
                }
                // Of a secret an event tells no more than that it is there.
                return value == SensitiveAttributes.dots ? held.isEmpty == isRemoval : held.contains(value) != isRemoval
            case .created, .renamed, .member: return false
            }
        }
    }
}
