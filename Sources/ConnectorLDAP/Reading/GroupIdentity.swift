internal import Contracts
internal import IdentityModel

/// Groups by their ids: they may stand outside of the base that accounts are looked for in.
extension DirectorySession {
    func groupIDs(of names: [String]) throws(ConnectorFailure) -> [GroupID?] {
        let idAttribute = settings.dialect.idAttribute
        let searches = names.map {
            SearchRequest(base: $0, scope: .base, filter: "(objectClass=*)", attributes: [idAttribute])
        }
        // noSuchObject; invalidDNSyntax: what is no name to this server names no group; referral: nor does what it does not serve; insufficientAccessRights: this
        // one shows nothing, and others may.
        return try search(searches, tolerating: [0, 10, 32, 34, 50]).map { entries in
            entries.first?.values(of: idAttribute).first.map { GroupID($0) }
        }
    }

    func groupNames(of ids: [GroupID]) throws(ConnectorFailure) -> [GroupID: String] {
        let idAttribute = settings.dialect.idAttribute
        let top = try topName()
        let filters = ids.map { settings.dialect.idFilter(AccountID($0.text)) }
        let searches = chunked(filters.indices.filter { filters[$0] != nil }).map { chunk in
            SearchRequest(
                base: top, scope: .subtree, filter: SearchFilter.any(chunk.compactMap { filters[$0] }), attributes: [idAttribute])
        }
        var names: [GroupID: String] = [:]
        for entry in try search(searches).joined() {
            for id in entry.values(of: idAttribute) { names[GroupID(id)] = entry.name }
        }
        return names
    }
}
