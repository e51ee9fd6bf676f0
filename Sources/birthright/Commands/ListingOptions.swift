import ArgumentParser
import Foundation
import IdentityModel
import Provisioning

/// Which part of a long list is shown.
struct ListingOptions: ParsableArguments {
    static let standard = 50

    @Option(name: .long, help: "How many, the newest first (default 50); 0 for all.")
    var limit: Int?

    @Option(name: .long, help: "Nothing older: a day (yyyy-MM-dd) or a moment (2026-03-02T08:15:00Z), in UTC.", transform: moment)
    var since: Instant?

    func validate() throws {
        guard (limit ?? 0) >= 0 else { throw ValidationError("--limit must be 0 (all) or more") }
    }

    private static func moment(_ text: String) throws -> Instant {
        if let day = CivilDate(text) { return Instant(milliseconds: Int64(day.days) * 86_400_000) }
        if let date = ISO8601DateFormatter().date(from: text) { return Instant(milliseconds: Int64(date.timeIntervalSince1970 * 1_000)) }
        throw ValidationError("'\(text)' is neither a day nor a moment; write 2026-03-02 or 2026-03-02T08:15:00Z")
    }

    /// How many at most; nil: all of them.
    var wanted: Int? { (limit ?? Self.standard) == 0 ? nil : limit ?? Self.standard }
}

extension Listing.End {
    /// Nobody may take the first fifty for everything: said beside the list, so that JSON stays JSON.
    func sayWhatIsLeft() {
        if hasMore { complain("there are older ones: --limit N shows more, --limit 0 all") }
    }
}
