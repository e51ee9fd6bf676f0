import ArgumentParser
import Contracts
import Foundation
import IdentityModel

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

    /// Walks through a list page by page, as far as it is wanted. `page` gives so many elements behind the last one; `show` prints them at once.
    func each<Element>(
        limit standard: Int? = ListingOptions.standard, _ page: (_ after: Element?, _ count: Int) async throws -> [Element],
        show: ([Element]) async throws -> Void
    ) async throws -> ListingEnd {
        let wanted = limit.map { $0 == 0 ? Int.max : $0 } ?? standard ?? Int.max
        var shown = 0
        var last: Element?
        while shown < wanted {
            let found = try await page(last, min(500, wanted - shown))
            guard let end = found.last else { return ListingEnd(isEmpty: shown == 0, hasMore: false) }
            try await show(found)
            shown += found.count
            last = end
        }
        return ListingEnd(isEmpty: false, hasMore: try await !page(last, 1).isEmpty)
    }
}

/// How much of a list was shown.
struct ListingEnd {
    let isEmpty: Bool
    let hasMore: Bool

    /// Nobody may take the first fifty for everything: said beside the list, so that JSON stays JSON.
    func sayWhatIsLeft() {
        if hasMore { complain("there are older ones: --limit N shows more, --limit 0 all") }
    }
}
