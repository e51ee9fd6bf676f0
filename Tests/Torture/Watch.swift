import Contracts
import IdentityModel
import StoreSQL

/// What has to hold after every step, whoever runs and whatever dies: the store itself looks at each change and writes down what is not so.
enum Watch {
    /// Once for a store.
    static func begin(over engine: any SQLEngine) async throws(StoreError) {
        // An order that is looked at and withdrawn at once makes two moves in one transaction: 2 -> 1 -> 6.
        let orders =
            "(2, 6), " + pairs(OrderState.allCases.flatMap { from in from.successors.map { ("\(from.rawValue)", "\($0.rawValue)") } })
        let plans = pairs(PlanState.allCases.flatMap { from in from.successors.map { ("'\(from.rawValue)'", "'\($0.rawValue)'") } })
        try await engine.write { session in
            try session.execute("CREATE TABLE violations (text TEXT NOT NULL)", [])
            try session.execute(
                """
                CREATE TRIGGER order_lives AFTER UPDATE OF state ON orders
                WHEN OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (VALUES \(orders))
                BEGIN INSERT INTO violations SELECT 'order ' || NEW.id || ' of ' || NEW.user_id || ': ' || OLD.state || ' -> ' || NEW.state; END
                """, [])
            try session.execute(
                """
                CREATE TRIGGER plan_lives AFTER UPDATE OF state ON plans
                WHEN OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (VALUES \(plans))
                BEGIN INSERT INTO violations SELECT 'plan ' || NEW.id || ': ' || OLD.state || ' -> ' || NEW.state; END
                """, [])
            return .commit(())
        }
    }

    private static func pairs(_ pairs: [(String, String)]) -> String { pairs.map { "(\($0), \($1))" }.joined(separator: ", ") }

    static func violations(_ engine: any SQLEngine) async throws(StoreError) -> [String] {
        try await engine.read { session in
            var found: [String] = []
            try session.query("SELECT text FROM violations", []) { found.append($0.text(0)) }
            return found
        }
    }
}

/// Which accounts of a server are being written to, and by whom.
struct UnderWay {
    private var writers: [String: Life] = [:]
    private(set) var violations: [String] = []

    mutating func begin(_ operations: [AccountOperation], _ life: Life) {
        for account in operations.map(UnderWay.account) {
            // What a dead process had begun is not going on.
            if let other = writers[account], !other.isOver { violations.append("two operations at a time on \(account)") }
            writers[account] = life
        }
    }

    mutating func end(_ operations: [AccountOperation], _ life: Life) {
        for account in operations.map(UnderWay.account) where writers[account] === life { writers[account] = nil }
    }

    private static func account(_ operation: AccountOperation) -> String { operation.accountID?.text ?? operation.name.text }
}
