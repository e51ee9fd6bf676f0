package import Contracts
internal import HTTPTransport
package import IdentityModel

/// Drives a service that speaks SCIM 2.0 (RFC 7643, RFC 7644).
///
/// Asks the service what it can do with its first use, and believes what is seen of it more than what it says. Account ids are the service's own (`id`), account
/// names are `userName`, groups are named by `displayName` and hold ids. An answer that does not say what was asked for is nobody's account.
package final class SCIMConnector: ProbesNames, IdentifiesGroups, EnumeratesAccounts {
    private let settings: WebSettings
    /// Attributes of the policy map, as it spells them: under these names accounts are shown.
    private let attributes: [String]
    private let correlation: [String]
    private let attempts: CreateAttempts
    private let service: SCIMService

    package init(_ settings: WebSettings, attributes: [String], correlation: [String] = []) throws(ConnectorFailure) {
        self.correlation = correlation
        attempts = CreateAttempts(settlingSeconds: settings.settlingSeconds)
        self.settings = settings
        self.attributes = attributes
        service = SCIMService(try settings.client("application/scim+json"))
    }

    /// Groups hold ids, which stay.
    package var capabilities: ConnectorCapabilities {
        ConnectorCapabilities(
            batchSize: 500, maintainsReferences: true, settlingMilliseconds: Int64(settings.settlingSeconds) * 1_000)
    }

    package func realm() async throws(ConnectorFailure) -> Realm {
        // Whether there is a service at all is known by asking it.
        _ = try await service.abilities()
        return Realm("scim \(settings.realm)")
    }

    /// Not before whatever was sent would be found: the next process asks first thing.
    package func close() async {
        _ = try? await attempts.settleAll()
        await service.forget()
    }

    private func users() async throws(ConnectorFailure) -> SCIMUsers {
        SCIMUsers(service, try await service.abilities(), attempts, attributes: attributes, correlation: correlation)
    }

    private func groups() async throws(ConnectorFailure) -> SCIMGroups {
        SCIMGroups(service: service, abilities: try await service.abilities())
    }

    // MARK: Looking

    package func find(_ queries: [AccountQuery]) async throws(ConnectorFailure) -> [Lookup] {
        try await AccountLookups(service: users()).find(queries)
    }

    package func holders(of probes: [NameProbe]) async throws(ConnectorFailure) -> [[NameHolder]] {
        try await AccountLookups(service: users()).holders(of: probes)
    }

    package func enumerate(attributes: [String], page: @Sendable ([ActualAccount]) async -> Void) async throws(ConnectorFailure) {
        let users = try await users()
        let wanted = Set(attributes.map { $0.lowercased() })
        try await users.reader.list(users.abilities.users) { resources in
            let accounts = resources.map { users.account(SCIMUsers.Seen(resource: $0)).limited(to: wanted) }
            await page(accounts)
            return true
        }
    }

    package func groupIDs(of names: [String]) async throws(ConnectorFailure) -> [GroupID?] {
        let groups = try await groups()
        return try await concurrently(names) { name throws(ConnectorFailure) in try await groups.id(of: name).map { GroupID($0) } }
    }

    package func groupNames(of ids: [GroupID]) async throws(ConnectorFailure) -> [GroupID: String] {
        let groups = try await groups()
        let names = try await concurrently(ids) { id throws(ConnectorFailure) in try await groups.name(of: id.text) }
        return Dictionary(zip(ids, names).compactMap { id, name in name.map { (id, $0) } }, uniquingKeysWith: { first, _ in first })
    }

    package func test() async throws(ConnectorFailure) -> SystemReport {
        await service.forget()
        let abilities = try await service.abilities()
        var facts = ["SCIM 2.0 at \(settings.url), users at \(abilities.users), groups at \(abilities.groups)"]
        facts.append("changes are sent by \(abilities.patches ? "PATCH" : "PUT, the whole user each time")")
        facts.append(
            abilities.hasVersions
                ? "versions (ETag) keep changes of others"
                : "there are no versions: a change of somebody else at the same moment may be lost")
        facts.append("pages hold \(abilities.largestPage), \(abilities.hasCursors ? "by cursor" : "by index")")
        var advice: [String] = []
        if !abilities.filters {
            advice.append("the service ignores filters, or refuses them: to find an account all of them are read")
        }
        return SystemReport(facts: facts, advice: advice)
    }

    // MARK: Writing

    package func execute(_ operations: [AccountOperation]) async -> [OperationResult] {
        do throws(ConnectorFailure) {
            return await AccountBatch.run(operations, try await users(), try await groups())
        } catch {
            return operations.map { OperationResult(id: $0.id, accountID: $0.accountID, name: $0.name, failure: error) }
        }
    }
}
