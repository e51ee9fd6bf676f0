internal import CEL
package import Contracts
internal import HTTPTransport
package import IdentityModel

/// Drives a service by the requests that its policy map describes.
///
/// Account ids are the service's own, names are what the policy map says they are. Nothing is believed of an answer that is not as described: one without an
/// id is nobody's account, one without a list is no empty list, and what was not asked for is left out.
package final class RESTConnector: ProbesNames, IdentifiesGroups, EnumeratesAccounts {
    private let settings: WebSettings
    private let service: RESTService

    package convenience init(_ settings: WebSettings, _ description: RESTDescription) throws(ConnectorFailure) {
        try self.init(settings, description, rehearsal: nil)
    }

    /// With a rehearsal nothing is sent.
    init(_ settings: WebSettings, _ description: RESTDescription, rehearsal: RESTRehearsal?) throws(ConnectorFailure) {
        self.settings = settings
        attempts = CreateAttempts(settlingSeconds: settings.settlingSeconds)
        service = RESTService(
            client: try settings.client("application/json", wordsAt: description.errorText), description: description,
            rehearsal: rehearsal)
    }

    private let searches = SearchTrust()
    private let attempts: CreateAttempts

    private func records() async throws(ConnectorFailure) -> RESTRecords {
        RESTRecords(service: service, filters: try await searches.areTrusted(by: service), attempts: attempts)
    }

    private func groups() async throws(ConnectorFailure) -> RESTGroups { RESTGroups(service: service, records: try await records()) }

    /// Whoever is renamed keeps the id, by which others point at him and groups hold him.
    package var capabilities: ConnectorCapabilities {
        ConnectorCapabilities(
            batchSize: 500, maintainsReferences: true, settlingMilliseconds: Int64(settings.settlingSeconds) * 1_000)
    }

    package func realm() async throws(ConnectorFailure) -> Realm {
        // Whether there is a service at all is known by asking it.
        _ = try await probe()
        return Realm("rest \(settings.realm)")
    }

    /// Not before whatever was sent would be found: the next process asks first thing.
    package func close() async {
        _ = try? await attempts.settleAll()
        await searches.forget()
    }

    // MARK: Looking

    package func find(_ queries: [AccountQuery]) async throws(ConnectorFailure) -> [Lookup] {
        try await AccountLookups(service: records()).find(queries)
    }

    package func holders(of probes: [NameProbe]) async throws(ConnectorFailure) -> [[NameHolder]] {
        try await AccountLookups(service: records()).holders(of: probes)
    }

    package func enumerate(attributes: [String], page: @Sendable ([ActualAccount]) async -> Void) async throws(ConnectorFailure) {
        let wanted = Set(attributes.map { $0.lowercased() })
        let records = try await records()
        try await records.list(nil) { found in
            await page(found.map { records.account($0).limited(to: wanted) })
            return true
        }
    }

    package func groupIDs(of names: [String]) async throws(ConnectorFailure) -> [GroupID?] {
        let groups = try await groups()
        guard groups.areFollowed else { return names.map { _ in nil } }
        return try await concurrently(names) { name throws(ConnectorFailure) in try await groups.id(of: name).map { GroupID($0) } }
    }

    package func groupNames(of ids: [GroupID]) async throws(ConnectorFailure) -> [GroupID: String] {
        let groups = try await groups()
        let names = try await concurrently(ids) { id throws(ConnectorFailure) in try await groups.name(of: id.text) }
        return Dictionary(zip(ids, names).compactMap { id, name in name.map { (id, $0) } }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: Writing

    package func execute(_ operations: [AccountOperation]) async -> [OperationResult] {
        do throws(ConnectorFailure) {
            return await AccountBatch.run(operations, try await records(), try await groups())
        } catch {
            return operations.map { OperationResult(id: $0.id, accountID: $0.accountID, name: $0.name, failure: error) }
        }
    }

    // MARK: Test

    /// Reads and changes nothing.
    package func test() async throws(ConnectorFailure) -> SystemReport {
        await searches.forget()
        let asked = try await probe()
        let requests = service.description.requests
        let described = RESTRequest.Kind.allCases.filter { requests[$0] != nil }.map(\.rawValue)
        let lacking = [RESTRequest.Kind.rename, .disable, .delete, .addMembership].filter { requests[$0] == nil }
        var facts = ["REST at \(settings.url)", asked, "described: \(described.joined(separator: ", "))"]
        if !lacking.isEmpty { facts.append("never done: \(lacking.map(\.rawValue).joined(separator: ", "))") }
        var advice: [String] = []
        if requests[.search] == nil { advice.append("no request 'search' is described: to find an account all of them are read") }
        if requests[.search] != nil, try await !records().filters {
            advice.append("the request 'search' tells accounts that were not searched for: to find an account all of them are read")
        }
        return SystemReport(facts: facts, advice: advice)
    }

    /// What was asked and answered, in words.
    private func probe() async throws(ConnectorFailure) -> String {
        if let request = service.description.requests[.probe] {
            let answer = try await service.send(request, [:])
            guard answer.status != 404 else { throw ConnectorFailure(.unavailable, "the request 'probe' finds nothing: HTTP 404") }
            return "\(request.method.rawValue) \(try request.path.shown([:])): HTTP \(answer.status)"
        }
        let records = try await records()
        if let request = service.description.requests[.search] {
            let asked = RESTConnector.firstPage.merging(SearchTrust.question(service)) { one, _ in one }
            let said = records.filters ? "nobody, as it should be" : "somebody who was not asked for"
            return "\(request.method.rawValue) \(try request.path.shown(asked)): \(said)"
        }
        let request = try service.request(.enumerate)
        var first = 0
        try await records.list(nil) { page in
            first = page.count
            return false
        }
        return "\(request.method.rawValue) \(try request.path.shown(RESTConnector.firstPage)): \(first) accounts on the first page"
    }

    private static let firstPage: [String: Value] = ["page": .int(1), "offset": .int(0), "cursor": .string("")]
}

/// Whether searches tell whom they were asked for: found out with the first use, by a search for somebody who does not exist.
actor SearchTrust {
    private var answer: Bool?

    func forget() { answer = nil }

    static let nobody = "birthright-asks-for-nobody"

    static func question(_ service: RESTService) -> [String: Value] {
        ["attribute": .string(service.description.nameAttribute), "value": .string(nobody)]
    }

    func areTrusted(by service: RESTService) async throws(ConnectorFailure) -> Bool {
        if let answer { return answer }
        guard let search = service.description.requests[.search] else { return false }
        var isAnybodyThere = false
        try await service.list(search, SearchTrust.question(service), by: .nothing) { found in
            isAnybodyThere = !found.isEmpty
            return false
        }
        // A service that can be asked in no other way is believed as far as each account shows that it is meant.
        let areTrusted = !isAnybodyThere || service.description.requests[.enumerate] == nil
        answer = areTrusted
        return areTrusted
    }
}

extension ActualAccount {
    func limited(to attributes: Set<String>) -> ActualAccount {
        ActualAccount(
            id: id, name: name, attributes: self.attributes.filter { attributes.contains($0.key.lowercased()) }, memberships: memberships)
    }
}
