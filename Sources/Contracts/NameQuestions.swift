public import IdentityModel

extension PlanningStore {
    /// As everybody sees it who is not planning.
    public func holders(of claims: [NameClaim]) async throws(StoreError) -> [NameClaim: UserID] {
        try await holders(of: claims, planning: nil)
    }
}
