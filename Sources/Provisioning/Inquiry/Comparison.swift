package import IdentityModel
package import Planning

/// Two configurations compared over everybody in the store, as whoever asked calls them.
package struct Comparison: Sendable {
    package let report: DiffReport
    package let present: String
    package let other: String
    package let asOf: CivilDate
    /// Who holds the names of collisions, in words.
    package let holders: [NameClaim: String]

    package var diff: ConfigurationDiff { report.diff }
}

extension Inquiry {
    /// What is to be compared.
    package struct ComparisonRequest: Sendable {
        package let present: (name: String, configuration: Configuration)
        package let other: (name: String, configuration: Configuration)
        /// How many of each kind are kept.
        package let examples: Int
        /// Somebody to be looked at in full.
        package let person: UserKey?

        package init(
            _ present: (name: String, configuration: Configuration), with other: (name: String, configuration: Configuration),
            examples: Int, person: UserKey?
        ) {
            self.present = present
            self.other = other
            self.examples = examples
            self.person = person
        }
    }

    /// `progress` is told how many users are compared so far. Throws `InquiryError.notCompared` where the store does not know the person.
    package func compare(
        _ request: ComparisonRequest, on today: CivilDate, progress: @escaping @Sendable (Int) -> Void
    ) async throws -> Comparison {
        let run = DiffRun(
            present: request.present.configuration, other: request.other.configuration, store: store, today: today, progress: progress)
        let report = try await run.run(examples: request.examples, person: request.person)
        if let person = request.person, report.person == nil { throw InquiryError.notCompared(person.text) }
        return Comparison(
            report: report, present: request.present.name, other: request.other.name, asOf: today,
            holders: try await NameHolders(store: store).words(of: report))
    }
}
