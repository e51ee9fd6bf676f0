package import IdentityModel

/// The calendar day of a run in the zone of each source: the same instant is Monday in Oslo and still Sunday in New York.
package struct SourceDays: Sendable, Hashable {
    private let days: [SourceName: CivilDate]
    /// For people whom no source of the configuration has.
    private let otherwise: CivilDate

    package init(_ days: [SourceName: CivilDate], otherwise: CivilDate) {
        self.days = days
        self.otherwise = otherwise
    }

    /// The same day everywhere.
    package init(_ day: CivilDate) { self.init([:], otherwise: day) }

    package subscript(source: SourceName?) -> CivilDate { source.flatMap { days[$0] } ?? otherwise }

    /// Nobody has a later one: whoever is due by their own day is due by this one.
    package var latest: CivilDate { days.values.max() ?? otherwise }
    package var earliest: CivilDate { days.values.min() ?? otherwise }
}
