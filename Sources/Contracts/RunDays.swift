public import IdentityModel

/// The day of a run, which is not the same in every zone that the sources read dates in.
public struct RunDays: Hashable, Sendable {
    /// Whoever is due by their own day is due by this one.
    public let latest: CivilDate
    /// What was planned for a day behind this one may have been planned for a day that is not there yet.
    public let earliest: CivilDate
    /// Of the source whose rows are read.
    public let own: CivilDate
    public init(latest: CivilDate, earliest: CivilDate, own: CivilDate) {
        self.latest = latest
        self.earliest = earliest
        self.own = own
    }

    /// The same day everywhere.
    public init(_ day: CivilDate) { self.init(latest: day, earliest: day, own: day) }
}
