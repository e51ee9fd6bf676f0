/// Rare events with a name. How often each was reached is printed; one that is never reached is a gap of the tester.
package enum Mark: String, Codable, Sendable, CaseIterable {
    case foundAfterLostCreate, diedAfterRename, leftUnderFormerName, nameTakenAtDispatch
    case adopted, recreated, replaced, movedBack
    case olderPlanWithdrawn, wentOn, heldAndApproved, leftAside, takenBackWhileWaiting
    case emptyFileRefused, resentRefused, keyReused, idUnread, ambiguous, unequalZones, leaverWaited
    case claimedByMany, comparedMidway, ranBeside, cameLate, wasBusy

    /// What only small worlds reach, in which runs meet.
    package static let ofVillages: Set<Mark> = [.ranBeside, .cameLate, .wasBusy]

    package var meaning: String {
        switch self {
        case .foundAfterLostCreate: "answer of a Create lost, entry found"
        case .diedAfterRename: "died between rename and modify"
        case .leftUnderFormerName: "removal sent under a former name as well"
        case .nameTakenAtDispatch: "name taken at dispatch"
        case .adopted: "foreign entry adopted"
        case .recreated: "deleted by hand, made anew"
        case .replaced: "replaced by hand, adopted"
        case .movedBack: "moved by hand, moved back"
        case .olderPlanWithdrawn: "order of an older plan withdrawn"
        case .wentOn: "gone on with an unfinished plan"
        case .heldAndApproved: "held and approved"
        case .leftAside: "accounts left aside"
        case .takenBackWhileWaiting: "edit taken back while orders wait"
        case .emptyFileRefused: "file without rows refused"
        case .resentRefused: "file sent again refused"
        case .keyReused: "key of a renumbered person given to another"
        case .idUnread: "entry met whose id cannot be read"
        case .ambiguous: "two people meant by one row"
        case .unequalZones: "day differs between zones when a date is due"
        case .leaverWaited: "leaver's order waits for a system that comes back"
        case .claimedByMany: "person claimed by two complete sources"
        case .comparedMidway: "a run ended with 0 before the quiet rounds"
        case .ranBeside: "two runs at a time wrote something"
        case .cameLate: "request carried out after nobody waited for it any more"
        case .wasBusy: "request refused twice, and done"
        }
    }
}
