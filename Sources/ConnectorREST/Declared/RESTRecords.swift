internal import CEL
internal import Contracts
internal import Foundation
internal import IdentityModel

/// An account as the service showed it.
struct RESTRecord: AccountRecord {
    let json: JSONValue
    let id: AccountID
    let name: AccountName
    var etag: String?
    /// It was changed since it was read.
    var isStale = false
}

/// What is to become of an account.
enum RESTChange: Sendable {
    case value(RESTValueChange)
    case name(AccountName)
    case switching(Bool)
}

/// What is to stand at a place.
struct RESTValueChange: Sendable {
    let place: JSONPlace
    let operation: RequestOperation
    let values: [JSONValue]
    let isList: Bool

    private func present(in json: JSONValue) -> [JSONValue] {
        guard let value = json[place] else { return [] }
        return value.elements.isEmpty ? [value].filter { $0.text != nil } : value.elements
    }

    func after(in json: JSONValue) -> [JSONValue] {
        let present = present(in: json)
        switch operation {
        case .set: return values
        case .add: return isList ? present + values.filter { !present.contains($0) } : values
        case .remove: return values.isEmpty ? [] : present.filter { value in !values.contains { $0.text == value.text } }
        }
    }

    func isDone(in json: JSONValue) -> Bool {
        Set(present(in: json).compactMap(\.text)) == Set(after(in: json).compactMap(\.text))
    }

    /// A list stays one, with one value and with none; a place without a value is null.
    func value(in json: JSONValue) -> JSONValue {
        let after = after(in: json)
        return isList || after.count > 1 ? .array(after) : after.first ?? .null
    }
}

/// Accounts of one service, by the requests that a policy map describes.
struct RESTRecords: AccountService {
    let service: RESTService
    /// Searches tell whom they were asked for.
    let filters: Bool
    let attempts: CreateAttempts

    private var description: RESTDescription { service.description }
    /// A change that others got in the way of is made anew so often.
    private static let attempts = 5

    // MARK: Reading

    var nameAttribute: String { description.nameAttribute }
    var correlation: [String] { description.correlation }

    /// With the attribute's name, by which a search asks.
    func place(of attribute: String) -> (attribute: String, place: JSONPlace)? {
        (attribute, attribute == description.nameAttribute ? description.accountName : JSONPlace(attribute))
    }

    func texts(_ record: RESTRecord, at place: (attribute: String, place: JSONPlace)) -> [String] { record.json.texts(at: place.place) }

    func account(_ record: RESTRecord) -> ActualAccount {
        var attributes: [String: [String]] = [:]
        for name in description.attributes {
            let shown = place(of: name).map { texts(record, at: $0) } ?? []
            if !shown.isEmpty { attributes[name] = shown }
        }
        return ActualAccount(id: record.id, name: record.name, attributes: attributes, memberships: groups(of: record).sorted())
    }

    /// As far as the service shows them with the account.
    func groups(of record: RESTRecord) -> [String] {
        guard let place = description.accountGroups, let shown = record.json[place] else { return [] }
        return shown.elements.compactMap { $0.text ?? $0[description.groupName]?.text }
    }

    private func record(_ json: JSONValue, etag: String? = nil) throws(ConnectorFailure) -> RESTRecord {
        guard let id = json[description.accountID]?.text, !id.isEmpty else {
            throw ConnectorFailure(.permanent, "the service shows an account without an id at '\(description.accountID.description)'")
        }
        return RESTRecord(
            json: json, id: AccountID(id), name: AccountName(json[description.accountName]?.text ?? ""), etag: etag)
    }

    func read(_ id: AccountID) async throws(ConnectorFailure) -> RESTRecord? {
        guard !id.text.isEmpty else { return nil }
        let request = try service.request(.find)
        let answer = try await service.send(request, ["id": .string(id.text)])
        guard answer.status != 404 else { return nil }
        guard let found = answer.body?[request.place] else {
            throw ConnectorFailure(.permanent, "the answer to 'find' holds no account at '\(request.place.description)'")
        }
        // Where nobody is said so.
        if case .null = found { return nil }
        let record = try record(found, etag: answer.etag)
        guard record.id == id else {
            throw ConnectorFailure(.permanent, "the service answers with another account than the one asked for")
        }
        return record
    }

    func list(
        _ wanted: [(place: (attribute: String, place: JSONPlace), value: String)]?, visit: ([RESTRecord]) async -> Bool
    ) async throws(ConnectorFailure) {
        var failure: ConnectorFailure?
        let (request, values) = try question(wanted)
        try await service.list(request, values, by: .place(description.accountID)) { elements in
            do throws(ConnectorFailure) {
                var records: [RESTRecord] = []
                for element in elements { records.append(try record(element)) }
                return await visit(records)
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
    }

    private func question(
        _ wanted: [(place: (attribute: String, place: JSONPlace), value: String)]?
    ) throws(ConnectorFailure) -> (RESTRequest, [String: Value]) {
        guard let first = wanted?.first, filters, let search = description.requests[.search] else {
            return (try service.request(.enumerate), [:])
        }
        return (search, ["attribute": .string(first.place.attribute), "value": .string(first.value)])
    }

    // MARK: Writing

    func change(_ request: AccountOperation.Request, pointingAt records: [String: RESTRecord]) throws(ConnectorFailure) -> RESTChange {
        let values = request.values.map { text in
            // As the service writes ids: as texts or as numbers.
            request.type == .reference
                ? records[text]?.json[description.accountID] ?? .string(text) : JSONValue(text, request.type)
        }
        return .value(
            RESTValueChange(
                place: JSONPlace(request.name), operation: request.operation, values: values,
                isList: description.lists.contains(request.name)))
    }

    func naming(_ name: AccountName) -> RESTChange { .name(name) }
    func switching(on isOn: Bool) -> RESTChange? { description.requests[.disable] == nil ? nil : .switching(isOn) }
    /// What the service shows of that only its own request could say.
    func isOff(_ record: RESTRecord) -> Bool { false }

    func create(_ name: AccountName, _ changes: [RESTChange], for order: OrderID) async throws(ConnectorFailure) -> AccountID {
        let request = try service.request(.create)
        var json = JSONValue.object([:])
        for case .value(let change) in changes where !change.after(in: json).isEmpty { json.set(change.value(in: json), at: change.place) }
        json.set(.string(name.text), at: description.accountName)
        let values: [String: Value] = ["name": .string(name.text), "changes": json.celValue, "record": json.celValue]
        let answer = try await service.send(request, values, headers: [order.idempotencyKey(json)])
        guard answer.status != 404 else { throw ConnectorFailure(.permanent, "there is nowhere to make an account: HTTP 404") }
        if let id = answer.body?[request.place]?[description.accountID]?.text, !id.isEmpty { return AccountID(id) }
        if let id = RESTRecords.id(in: answer.location) { return AccountID(id) }
        // Made, and not told as whom: whoever has the name now is it.
        let found = try? await AccountLookups(service: self).records(named: [name.text])[0]
        if let found, found.count == 1 { return found[0].id }
        throw ConnectorFailure(.unknown, "the answer to 'create' tells no id at '\(description.accountID.description)'")
    }

    /// The last part of a location is the id.
    private static func id(in location: String?) -> String? {
        location?.split(separator: "?").first?.split(separator: "/").last.flatMap { String($0).removingPercentEncoding }
    }

    /// Off comes first and on last; in between what is written and the name.
    func change(_ record: RESTRecord, _ changes: [RESTChange]) async throws(ConnectorFailure) -> RESTRecord? {
        var record = record
        for case .switching(false) in changes {
            guard try await send(.disable, &record, [:]) else { return nil }
        }
        let values = changes.compactMap { change in if case .value(let change) = change { change } else { nil } }
        if !values.isEmpty {
            guard let written = try await modify(record, values) else { return nil }
            record = written
        }
        for case .name(let name) in changes where name != record.name {
            guard try await send(.rename, &record, ["newName": .string(name.text)]) else { return nil }
            record = RESTRecord(json: record.json, id: record.id, name: name, isStale: true)
        }
        for case .switching(true) in changes {
            guard try await send(.enable, &record, [:]) else { return nil }
        }
        return record
    }

    private func modify(_ record: RESTRecord, _ changes: [RESTValueChange]) async throws(ConnectorFailure) -> RESTRecord? {
        var record = record
        for _ in 1...RESTRecords.attempts {
            if record.isStale {
                guard let anew = try await read(record.id) else { return nil }
                record = anew
            }
            let differing = changes.filter { !$0.isDone(in: record.json) }
            guard !differing.isEmpty else { return record }
            var (sent, whole) = (JSONValue.object([:]), record.json)
            for change in differing {
                // Of two changes of one place the second goes on from the first.
                let value = change.value(in: whole)
                sent.set(value, at: change.place)
                whole.set(value, at: change.place)
            }
            let after = whole
            for place in description.readOnly { whole.set(nil, at: place) }
            let answer = try await answer(.modify, record, ["changes": sent.celValue, "record": whole.celValue], accepting: [412])
            if answer.status == 404 { return nil }
            if answer.status != 412 {
                return RESTRecord(json: after, id: record.id, name: record.name, isStale: answer.etag == nil && record.etag != nil)
            }
            record.isStale = true
        }
        throw ConnectorFailure(.transient, "somebody else changes this account all the time")
    }

    /// False: the account is gone.
    private func send(
        _ kind: RESTRequest.Kind, _ record: inout RESTRecord, _ values: [String: Value]
    ) async throws(ConnectorFailure) -> Bool {
        guard try await answer(kind, record, values).status != 404 else { return false }
        // What else it changed is seen by reading.
        record.isStale = true
        record.etag = nil
        return true
    }

    private func answer(
        _ kind: RESTRequest.Kind, _ record: RESTRecord, _ values: [String: Value], accepting: Set<Int> = []
    ) async throws(ConnectorFailure) -> RESTClient.Answer {
        let about: [String: Value] = [
            "id": .string(record.id.text), "name": .string(record.name.text), "record": record.json.celValue,
        ]
        let headers = kind == .modify ? record.etag.map { [(name: "If-Match", value: $0)] } ?? [] : []
        return try await service.send(
            try service.request(kind), about.merging(values) { _, own in own }, headers: headers, accepting: accepting)
    }

    func delete(_ id: AccountID) async throws(ConnectorFailure) {
        guard let record = try await read(id) else { return }
        _ = try await answer(.delete, record, [:])
    }
}
