internal import CEL
internal import Contracts
internal import HTTPTransport
internal import IdentityModel

/// Stands in for a service: knows one account and whoever is pointed at, does whatever it is asked, and notes it.
actor RESTRehearsal {
    private let description: RESTDescription
    private var record: JSONValue?
    private let groups: [String]
    private(set) var requests: [RehearsedRequest] = []

    init(_ description: RESTDescription, _ rehearsal: Rehearsal) {
        self.description = description
        groups = rehearsal.account?.memberships ?? []
        record = rehearsal.account.map { account in
            var record = JSONValue.object([:])
            for (name, texts) in account.attributes where name != description.nameAttribute {
                let values = texts.map { JSONValue($0, rehearsal.types[name] ?? .text) }
                let isList = description.lists.contains(name) || values.count > 1
                record.set(isList ? .array(values) : values.first, at: JSONPlace(name))
            }
            record.set(.string(account.id.text), at: description.accountID)
            record.set(.string(account.name.text), at: description.accountName)
            return record
        }
    }

    func answer(_ request: RESTRequest, _ path: String, _ body: JSONValue?, _ values: [String: Value]) -> RESTClient.Answer {
        guard request.kind.isRead else {
            // What comes after a rename finds the account renamed.
            if request.kind == .rename, let name = values["newName"].flatMap({ JSONValue($0) }) {
                record?.set(name, at: description.accountName)
            }
            requests.append(RehearsedRequest(method: request.method.rawValue, path: path, body: body?.ordered))
            var made = JSONValue.object([:])
            made.set(.string("id"), at: description.accountID)
            return RESTClient.Answer(status: 200, body: request.kind == .create ? RESTRehearsal.at(request.place, made) : nil)
        }
        switch request.kind {
        case .find: return record.map { RESTClient.Answer(status: 200, body: RESTRehearsal.at(request.place, $0)) } ?? .gone
        case .search, .enumerate: return list(request, people(JSONValue(values["value"] ?? .null)?.text))
        case .memberships: return list(request, groups.map { JSONValue.string($0) })
        case .searchGroup: return list(request, [group(values)])
        case .group: return RESTClient.Answer(status: 200, body: RESTRehearsal.at(request.place, group(values)))
        default: return RESTClient.Answer(status: 200, body: .object([:]))
        }
    }

    /// `account(P001)` is whoever is called so: policy tests know people by key.
    private func people(_ value: String?) -> [JSONValue] {
        guard let value, value.hasPrefix("account(") else { return value == SearchTrust.nobody ? [] : record.map { [$0] } ?? [] }
        var somebody = JSONValue.object([:])
        somebody.set(.string(value), at: description.accountID)
        somebody.set(.string(value), at: description.accountName)
        return [somebody]
    }

    /// A group's name is its id here.
    private func group(_ values: [String: Value]) -> JSONValue {
        let name = JSONValue(values["group"] ?? .null) ?? .null
        var group = JSONValue.object([:])
        group.set(name, at: description.groupID)
        group.set(name, at: description.groupName)
        return group
    }

    /// One page, and none behind it.
    private func list(_ request: RESTRequest, _ elements: [JSONValue]) -> RESTClient.Answer {
        RESTClient.Answer(status: 200, body: RESTRehearsal.at(request.place, .array(elements)))
    }

    private static func at(_ place: JSONPlace, _ value: JSONValue) -> JSONValue {
        var body = JSONValue.object([:])
        body.set(value, at: place)
        return body
    }
}

extension RESTConnector {
    /// What an operation would send.
    static func requests(_ setup: ConnectorSetup, _ rehearsal: Rehearsal) async throws(ConnectorFailure) -> [RehearsedRequest] {
        let description = try RESTDescription(setup)
        let service = RESTRehearsal(description, rehearsal)
        let connector = try RESTConnector(WebSettings(setup), description, rehearsal: service)
        let results = await connector.execute([rehearsal.operation])
        if let failure = results.first?.failure ?? results.first?.failedRequests.min(by: { $0.key < $1.key })?.value { throw failure }
        return await service.requests
    }
}

extension JSONValue {
    /// With members in order, so that the same value is the same text.
    var ordered: JSON {
        switch self {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .integer(let number): .int(number)
        case .double(let number): .double(number)
        case .string(let text): .string(text)
        case .array(let elements): .array(elements.map(\.ordered))
        case .object(let members): .object(members.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value.ordered) })
        }
    }
}
