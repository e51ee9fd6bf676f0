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
    /// Who is enabled again keeps what the dialect had locked.
    case enablingLeavesDialectDisabling
    /// Memberships that a withdrawal could not take away are nobody's concern any more.
    case withdrawnKeepsWhatWasRefused
    /// While somebody's row is in quarantine nothing else asks for them to be planned.
    case quarantineStopsDates
    /// Whoever points at an account that is still to come is not looked at again.
    case awaitedIsForgotten
    /// What an order did before it failed is not kept with the account.
    case halfDoneIsForgotten
    /// A Create whose answer was lost is sent again without a look.
    case lostCreateIsSentBlind
    /// Whoever changed after a plan was made is changed by it all the same. (Only where runs meet, as the next two.)
    case changedSinceIsStarted
    /// Somebody whom two runs bring at a time is two people.
    case twoRunsMakeTwoPeople
    /// An order is sent although another one has changed its account since.
    case overtakenIsSent

    /// The one that is made now. Set once, before anything runs.
    nonisolated(unsafe) package static var planted: PlantedBug?
}
#endif
