internal import CEL
internal import Contracts
internal import Foundation
internal import HTTPTransport
internal import IdentityModel

/// What a policy map says of one service: what accounts look like there, and how it is asked for what.
package struct RESTDescription: Sendable {
    let requests: [RESTRequest.Kind: RESTRequest]
    let accountID: JSONPlace
    let accountName: JSONPlace
    let accountGroups: JSONPlace?
    let readOnly: [JSONPlace]
    let groupID: JSONPlace
    let groupName: JSONPlace
    let errorText: JSONPlace?
    /// The attribute that names accounts, as the policy map spells it.
    let nameAttribute: String
    let attributes: [String]
    let correlation: [String]
    let lists: Set<String>
    /// What expressions call `today`.
    var today: @Sendable () -> String = { RESTDescription.date(Date()) }

    /// Throws where a text is no expression, which is known when the policy map is read.
    init(_ setup: ConnectorSetup) throws(ConnectorFailure) {
        let values = setup.values
        var requests: [RESTRequest.Kind: RESTRequest] = [:]
        for kind in RESTRequest.Kind.allCases { requests[kind] = try RESTRequest(kind, values) }
        self.requests = requests
        accountID = JSONPlace(values["account.id"] ?? "id")
        accountName = JSONPlace(values["account.name"] ?? setup.accountName)
        accountGroups = values["account.groups"].map(JSONPlace.init)
        readOnly = (values["account.readOnly"] ?? "").split(separator: "\n").map { JSONPlace(String($0)) }
        groupID = JSONPlace(values["group.id"] ?? "id")
        groupName = JSONPlace(values["group.name"] ?? "name")
        errorText = values["errorText"].map(JSONPlace.init)
        nameAttribute = setup.accountName
        attributes = setup.attributes
        correlation = setup.correlation
        lists = setup.lists
    }

    /// The date by the clock of Greenwich.
    static func date(_ moment: Date) -> String { String(moment.ISO8601Format().prefix(10)) }
}

/// What tells elements of a list apart: the value at a place, or each value itself.
enum KeyOf {
    case place(JSONPlace)
    case valueOr(JSONPlace)
    case nothing

    func key(_ element: JSONValue) -> String? {
        switch self {
        case .place(let place): element[place]?.text
        case .valueOr(let place): element.text ?? element[place]?.text
        case .nothing: nil
        }
    }
}

/// Sends what is described.
struct RESTService: Sendable {
    let client: RESTClient
    let description: RESTDescription
    /// Answers in the place of the service.
    var rehearsal: RESTRehearsal?

    func request(_ kind: RESTRequest.Kind) throws(ConnectorFailure) -> RESTRequest {
        if let request = description.requests[kind] { return request }
        throw ConnectorFailure(.permanent, "the policy map describes no request '\(kind.rawValue)'")
    }

    func send(
        _ request: RESTRequest, _ values: [String: Value], headers: [(name: String, value: String)] = [], accepting: Set<Int> = []
    ) async throws(ConnectorFailure) -> RESTClient.Answer {
        try await send(request, path: try path(of: request, values), values, headers: headers, accepting: accepting)
    }

    private func send(
        _ request: RESTRequest, path: String, _ values: [String: Value], headers: [(name: String, value: String)] = [],
        accepting: Set<Int> = []
    ) async throws(ConnectorFailure) -> RESTClient.Answer {
        let body = try body(of: request, values)
        if let rehearsal {
            return await rehearsal.answer(request, path.removingPercentEncoding ?? path, body, values)
        }
        return try await client.send(
            request.method, path, body, headers: request.headers + headers, accepting: accepting
        ) { request.meaning($0, $1) }
    }

    private func all(_ values: [String: Value]) -> [String: Value] {
        values.merging(["today": .string(description.today())]) { own, _ in own }
    }

    private func path(of request: RESTRequest, _ values: [String: Value]) throws(ConnectorFailure) -> String {
        do throws(CELError) {
            return try request.path.filled(all(values))
        } catch {
            throw RESTService.failure(request, error)
        }
    }

    private func body(of request: RESTRequest, _ values: [String: Value]) throws(ConnectorFailure) -> JSONValue? {
        guard let program = request.body else { return nil }
        do throws(CELError) {
            if let json = JSONValue(try program.evaluate(all(values))) { return json }
        } catch {
            throw RESTService.failure(request, error)
        }
        throw ConnectorFailure(.permanent, "the body of '\(request.kind.rawValue)' is nothing that JSON can say")
    }

    private static func failure(_ request: RESTRequest, _ error: CELError) -> ConnectorFailure {
        ConnectorFailure(.permanent, "the request '\(request.kind.rawValue)' cannot be made: \(error.message)")
    }

    // MARK: Lists

    /// Visits what a list holds, page by page, each element once as far as `key` tells them apart. An answer without the list is no empty list.
    func list(
        _ request: RESTRequest, _ values: [String: Value], by key: KeyOf, visit: ([JSONValue]) async -> Bool
    ) async throws(ConnectorFailure) {
        var seen: Set<String> = []
        var paging = (page: Int64(1), offset: Int64(0), cursor: "")
        var link: String?
        while true {
            var values = values
            values["page"] = .int(paging.page)
            values["offset"] = .int(paging.offset)
            values["cursor"] = .string(paging.cursor)
            let target = if let link { link } else { try path(of: request, values) }
            guard let body = try await send(request, path: target, values).body else { return }
            let elements = try elements(of: body, request)
            let fresh = elements.filter { element in key.key(element).map { seen.insert($0).inserted } ?? true }
            if !fresh.isEmpty, await !visit(fresh) { return }
            if let place = request.next {
                guard let next = body[place]?.text, !next.isEmpty else { return }
                link = try client.path(of: next)
                // The same page again would come for ever.
                if link == nil, next == paging.cursor || link == target { return }
                paging.cursor = next
            } else if !request.isPaged || fresh.isEmpty {
                return
            }
            paging.page += 1
            paging.offset += Int64(elements.count)
        }
    }

    private func elements(of body: JSONValue, _ request: RESTRequest) throws(ConnectorFailure) -> [JSONValue] {
        switch body[request.place] {
        case .array(let elements): return elements
        // One that is found may be told by itself; whether it is one is seen by its id.
        case .object(let members)?: return [.object(members)]
        case .null?: return []
        case .bool?, .integer?, .double?, .string?, nil:
            let place = request.place.names.isEmpty ? "" : " at '\(request.place.description)'"
            throw ConnectorFailure(.permanent, "the answer to '\(request.kind.rawValue)' holds no list\(place)")
        }
    }
}
