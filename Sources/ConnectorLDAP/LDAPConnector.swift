package import Contracts
package import IdentityModel

/// Drives an LDAP directory through libldap.
///
/// Connects with its first use, and again after a connection was lost. Calls may be made at any time; one batch at a time is in flight, over all
/// connections. Account ids are the directory's own (`entryUUID`, `nsUniqueId`, `objectGUID`), account names are DNs, groups are entries with members.
package final class LDAPConnector: Connector, ProbesNames, IdentifiesGroups, EnumeratesAccounts {
    private let session: DirectorySession

    package init(_ settings: LDAPSettings) { session = DirectorySession(settings) }

    /// Accounts per page of `enumerate`.
    private static let pageSize = 500

    /// A batch is a part of a group's modify: each of those costs a server as much as the group is large, so fewer are better. But two batches are in
    /// memory at a time.
    package var capabilities: ConnectorCapabilities {
        ConnectorCapabilities(batchSize: 3_000, maintainsReferences: session.settings.maintainsReferences)
    }

    package func find(_ queries: [AccountQuery]) async throws(ConnectorFailure) -> [Lookup] { try await session.find(queries) }

    package func execute(_ operations: [AccountOperation]) async -> [OperationResult] { await session.execute(operations) }

    package func holders(of probes: [NameProbe]) async throws(ConnectorFailure) -> [[NameHolder]] { try await session.holders(of: probes) }

    package func groupIDs(of names: [String]) async throws(ConnectorFailure) -> [GroupID?] { try await session.groupIDs(of: names) }

    package func groupNames(of ids: [GroupID]) async throws(ConnectorFailure) -> [GroupID: String] {
        try await session.groupNames(of: ids)
    }

    package func realm() async throws(ConnectorFailure) -> Realm { try await session.realm() }

    package func test() async throws(ConnectorFailure) -> SystemReport { try await session.test() }

    package func close() async { await session.close() }

    package func enumerate(attributes: [String], page: @Sendable ([ActualAccount]) async -> Void) async throws(ConnectorFailure) {
        let listing = try await session.beginListing()
        do {
            try await enumerate(attributes, listing, page)
        } catch {
            await session.endListing(listing)
            throw error
        }
        await session.endListing(listing)
    }

    private func enumerate(
        _ attributes: [String], _ listing: Int, _ page: @Sendable ([ActualAccount]) async -> Void
    ) async throws(ConnectorFailure) {
        let dialect = session.settings.dialect
        let wanted = attributes + [dialect.idAttribute, dialect.membershipAttribute]
        var cookie: [UInt8] = []
        repeat {
            let search = SearchRequest(
                base: session.settings.base, scope: .subtree, filter: session.settings.accountFilter, attributes: wanted,
                paging: .page(size: Self.pageSize, cookie: cookie))
            let (accounts, next) = try await session.accounts(listing, search)
            if !accounts.isEmpty { await page(accounts) }
            cookie = next
        } while !cookie.isEmpty
    }
}
