#if PLANTED_BUGS
/// Mistakes that a test lets the product make, to prove that it would find them. Compiled only where `BIRTHRIGHT_PLANTED` is set when the package is built
/// (`make planted`), and never part of the program that ships.
package enum PlantedBug: String, CaseIterable, Sendable {
    /// A user with an order that waits is taken for settled.
    case settledIgnoresPending
    /// Accounts of a system that could not be asked are not marked.
    case leftAsideLeavesNoMark
    /// A source that has somebody again does not get back what others say since.
    case comingBackWinsNothing
    /// Whoever is planned for an edit keeps the old next day.
    case dueLostOnEdit
    /// After a lost answer removals are sent under the old name alone.
    case removalsUnderOldNameOnly

    /// The one that is made now. Set once, before anything runs.
    nonisolated(unsafe) package static var planted: PlantedBug?
}
#endif
