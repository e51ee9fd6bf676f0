import Contracts
import IdentityModel

/// Users as a list shows them: one on a line, with their accounts.
enum UserListing {
    /// In the order asked for.
    static func read(_ ids: [UserID], _ store: any Store) async throws -> [(user: User, accounts: [Account])] {
        var request = KnowledgeRequest()
        request.users = ids
        let knowledge = try await store.knowledge(request)
        return ids.compactMap { id in
            knowledge.users[id].map { user in
                (user, (knowledge.accounts[id] ?? []).filter { $0.state != .none }.sorted { $0.system < $1.system })
            }
        }
    }

    static func json(_ user: User, _ accounts: [Account]) -> JSON {
        .object([
            JSON.Member("key", .string(user.key.text)), JSON.Member("source", .string(user.source.text)),
            JSON.Member("name", .string(user.displayName)), JSON.Member("status", .string(user.status.rawValue)),
            JSON.Member(
                "accounts",
                .array(
                    accounts.map { account in
                        .object([
                            JSON.Member("system", .string(account.system.text)), JSON.Member("state", .string(account.state.rawValue)),
                            JSON.Member("name", PlanJSON.text(account.name?.text)),
                        ])
                    })),
        ])
    }
}
