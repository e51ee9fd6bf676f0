/// The tables, as of each version. Dates are days since 1970, moments are milliseconds, flags are 0 and 1, hashes are their 64 bits as a signed number.
enum Schema {
    static func version1(_ dialect: SQLDialect) -> [String] {
        plans(dialect) + users(dialect) + names(dialect) + records(dialect)
    }

    static func version2(_ dialect: SQLDialect) -> [String] {
        version2Claims(dialect) + version2Accounts(dialect) + version2Orders(dialect) + version2Records(dialect)
    }

    /// What is known of the key of the store's secrets, and which of them are kept as digests.
    static func version3(_ dialect: SQLDialect) -> [String] {
        [
            "CREATE TABLE secret_key (id BIGINT NOT NULL PRIMARY KEY, key_check TEXT NOT NULL)",
            """
            CREATE TABLE digested_attributes (
              system TEXT NOT NULL, attribute TEXT NOT NULL, PRIMARY KEY (system, attribute)) \(dialect.clustered)
            """,
            // A row: values that stood in clear may still be in pages that are free.
            "CREATE TABLE secrets_to_erase (id BIGINT NOT NULL PRIMARY KEY)",
        ]
    }

    /// Files that were applied, by name, and what each held when it last was; files that were passed over hold nothing.
    static func version4(_ dialect: SQLDialect) -> [String] {
        [
            """
            CREATE TABLE applied_files (
              source TEXT NOT NULL, file TEXT NOT NULL, digest TEXT NOT NULL, signature TEXT NOT NULL, PRIMARY KEY (source, file)) \(dialect.clustered)
            """
        ]
    }

    /// How often the right to write to a system was given; rows that are to be read anew whatever they say.
    static func version5(_ dialect: SQLDialect) -> [String] {
        [
            "CREATE TABLE leases (system TEXT NOT NULL PRIMARY KEY, term BIGINT NOT NULL)",
            "CREATE INDEX claims_of_old ON claims (source) WHERE row_hash = 0 AND presence = 0",
        ]
    }

    /// Which plans began before another one was started, and so may not have seen what it made real. Until now it was asked which were sealed by then, and two
    /// runs at a time made two people of one.
    static func version7(_ dialect: SQLDialect) -> [String] {
        [
            "ALTER TABLE plans ADD COLUMN newest_at_start BIGINT",
            """
            UPDATE plans SET newest_at_start = (SELECT MAX(q.id) FROM plans q WHERE q.ordinal <= plans.started_ordinal)
            WHERE started_ordinal IS NOT NULL
            """,
            "ALTER TABLE plans DROP COLUMN started_ordinal",
        ]
    }

    /// Names that a plan gives to others than the plan that it will supersede.
    static func version8(_ dialect: SQLDialect) -> [String] {
        [
            """
            CREATE TABLE name_wants (
              plan BIGINT NOT NULL, name BIGINT NOT NULL, system TEXT NOT NULL, attribute TEXT NOT NULL, scope TEXT NOT NULL, folded TEXT NOT NULL,
              user_id TEXT NOT NULL, PRIMARY KEY (plan, name)) \(dialect.clustered)
            """
        ]
    }

    /// The day for which a source's rows were planned last, and which groups a name was ever seen to mean. Stores of a few development versions, which called
    /// their tables version 5, have both already: so the first is made anew instead of added to.
    static func version6(_ dialect: SQLDialect) -> [String] {
        [
            """
            CREATE TABLE profiles_with_days (
              source TEXT NOT NULL PRIMARY KEY, document TEXT NOT NULL, read_again BIGINT NOT NULL DEFAULT 1, as_of BIGINT)
            """,
            "INSERT INTO profiles_with_days (source, document, read_again) SELECT source, document, read_again FROM profiles",
            "DROP TABLE profiles",
            "ALTER TABLE profiles_with_days RENAME TO profiles",
            """
            CREATE TABLE IF NOT EXISTS known_groups (
              system TEXT NOT NULL, name TEXT NOT NULL, group_id TEXT NOT NULL, PRIMARY KEY (system, name, group_id)) \(dialect.clustered)
            """,
        ]
    }

    /// Which system an account's id is from, and whether its user must be planned again whatever their row says: because the account is unknown (1), or because
    /// its entry is gone and a person has to decide (2). An id is looked for in every system, so the
    /// index begins with it.
    private static func version2Accounts(_ dialect: SQLDialect) -> [String] {
        [
            "ALTER TABLE accounts ADD COLUMN realm TEXT",
            "ALTER TABLE accounts ADD COLUMN unsettled BIGINT NOT NULL DEFAULT 0",
            "DROP INDEX accounts_by_id",
            "CREATE INDEX accounts_by_id ON accounts (account_id, system, state, realm)",
            "CREATE INDEX users_plan_again_by_sources ON users (id) WHERE plan_again = 2",
            "CREATE INDEX accounts_unsettled ON accounts (user_id) WHERE unsettled = 1",
            "CREATE INDEX accounts_missed ON accounts (user_id) WHERE unsettled = 2",
            // Whose key was ever written into whose account: to find those who point at somebody whose name changes.
            """
            CREATE TABLE account_references (
              system TEXT NOT NULL, target TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (system, target, user_id)) \(dialect.clustered)
            """,
            """
            INSERT INTO account_references (system, target, user_id)
            SELECT DISTINCT a.system, j.value, a.user_id FROM accounts a, json_tree(a.document, '$.written') j WHERE j.key = 'ref'
            """,
        ]
    }

    /// What plans and orders are to each other between runs.
    static func version2Orders(_ dialect: SQLDialect) -> [String] {
        [
            // The plan that carries an order out: its own, or a later one that took it over. Several plans may keep one order, one after the other.
            "ALTER TABLE orders ADD COLUMN owner BIGINT NOT NULL DEFAULT 0",
            "UPDATE orders SET owner = plan",
            // The order that waits already and says the same.
            "ALTER TABLE orders ADD COLUMN keeps BIGINT",
            // It says once more what was written: no plan asks for it again.
            "ALTER TABLE orders ADD COLUMN repeats BIGINT NOT NULL DEFAULT 0",
            // The plan that withdrew the order when it started.
            "ALTER TABLE orders ADD COLUMN superseded_by BIGINT",
            "CREATE INDEX orders_superseded ON orders (superseded_by) WHERE superseded_by IS NOT NULL",
            "ALTER TABLE outbox ADD COLUMN signature TEXT NOT NULL DEFAULT ''",
            // The set of the order's effects, a bit each (`Effect.bit`).
            "ALTER TABLE orders ADD COLUMN effects BIGINT NOT NULL DEFAULT 0",
            "DROP INDEX orders_open",
            "CREATE INDEX orders_open ON orders (owner, system, state, wave, not_before) WHERE state IN (1, 2)",
            // A person let this plan go past its guards: what it does is not held against the next one.
            "ALTER TABLE plans ADD COLUMN is_approved BIGINT NOT NULL DEFAULT 0",
            // The newest plan there was when this one started: whoever was sealed up to then did not see what it made real.
            "ALTER TABLE plans ADD COLUMN started_ordinal BIGINT",
            // The user points at somebody who has no account yet: every run looks again.
            "ALTER TABLE plan_changes ADD COLUMN waits BIGINT NOT NULL DEFAULT 0",
            // The user changed since the plan was made: what the row said is kept, and what was made of it is not.
            "ALTER TABLE plan_changes ADD COLUMN left_out BIGINT NOT NULL DEFAULT 0",
            // The sum of the versions of the user's accounts: an order of another plan may have changed one since. Null where it was not told.
            "ALTER TABLE plan_changes ADD COLUMN account_versions BIGINT",
            // Executed effects, as they were committed.
            """
            CREATE TABLE effects (
              id \(dialect.countedKey), at BIGINT NOT NULL, plan BIGINT NOT NULL, system TEXT NOT NULL, effect BIGINT NOT NULL,
              count BIGINT NOT NULL)
            """,
            "CREATE INDEX effects_by_time ON effects (at)",
            // Accounts that could not be planned because their system could not be asked: by the plan that met them, and for good once it began.
            """
            CREATE TABLE plan_left_aside (
              plan BIGINT NOT NULL, user_id TEXT NOT NULL, system TEXT NOT NULL, is_due BIGINT NOT NULL,
              PRIMARY KEY (plan, user_id, system)) \(dialect.clustered)
            """,
            "CREATE TABLE left_aside (user_id TEXT NOT NULL, system TEXT NOT NULL, PRIMARY KEY (user_id, system)) \(dialect.clustered)",
            // What a managed system was when we first met it.
            "CREATE TABLE systems (system TEXT NOT NULL PRIMARY KEY, realm TEXT NOT NULL)",
            // Systems that left the configuration, and that a person let go.
            "CREATE TABLE released_systems (system TEXT NOT NULL PRIMARY KEY)",
        ]
    }

    /// What every pass over a plan touches (versions, states) is kept apart from the documents, which are large and written once: starting a plan of a
    /// million orders rewrites the small rows only.
    private static func plans(_ dialect: SQLDialect) -> [String] {
        [
            """
            CREATE TABLE plans (
              id \(dialect.countedKey), origin TEXT NOT NULL, state TEXT NOT NULL, ordinal BIGINT, seal TEXT,
              configuration_hash TEXT NOT NULL, as_of BIGINT NOT NULL, totals TEXT NOT NULL, verdicts TEXT NOT NULL, warnings TEXT NOT NULL,
              profile_source TEXT, profile TEXT, began_at BIGINT NOT NULL, sealed_at BIGINT, started_at BIGINT, ended_at BIGINT)
            """,
            "CREATE UNIQUE INDEX plans_by_ordinal ON plans (ordinal)",
            "CREATE INDEX plans_by_origin ON plans (origin, state)",
            "CREATE INDEX plans_by_state ON plans (state)",
            """
            CREATE TABLE plan_changes (
              id \(dialect.givenKey), user_id TEXT NOT NULL, user_key TEXT NOT NULL, source TEXT NOT NULL, status TEXT NOT NULL,
              version BIGINT NOT NULL, kind TEXT NOT NULL, differs BIGINT NOT NULL, due BIGINT, correlates BIGINT NOT NULL,
              claim_source TEXT, claim_key TEXT, claim_user TEXT, key_hash BIGINT, row_hash BIGINT, file TEXT, line BIGINT,
              assignments_start BIGINT NOT NULL, assignments_length BIGINT NOT NULL,
              attributes_start BIGINT NOT NULL, attributes_length BIGINT NOT NULL)
            """,
            "CREATE TABLE plan_change_documents (id \(dialect.givenKey), document TEXT NOT NULL)",
            """
            CREATE TABLE plan_correlations (
              id BIGINT NOT NULL, attribute TEXT NOT NULL, folded TEXT NOT NULL, PRIMARY KEY (id, attribute, folded)) \(dialect.clustered)
            """,
            """
            CREATE TABLE orders (
              id \(dialect.givenKey), plan BIGINT NOT NULL, user_id TEXT NOT NULL, system TEXT NOT NULL, operation TEXT NOT NULL,
              becomes TEXT NOT NULL, renames BIGINT NOT NULL, removes BIGINT NOT NULL, starts_as BIGINT NOT NULL,
              user_version BIGINT NOT NULL, account_version BIGINT NOT NULL,
              state BIGINT NOT NULL, wave BIGINT NOT NULL, not_before BIGINT NOT NULL)
            """,
            "CREATE INDEX orders_by_user ON orders (user_id)",
            "CREATE INDEX orders_open ON orders (plan, system, state, wave, not_before) WHERE state IN (1, 2)",
            "CREATE INDEX orders_unsettled ON orders (user_id) WHERE state IN (3, 5, 7)",
            "CREATE TABLE order_documents (id \(dialect.givenKey), document TEXT NOT NULL)",
            // The order as it stands after its last commit; `order_documents` keeps what was sealed.
            "CREATE TABLE order_progress (id \(dialect.givenKey), document TEXT NOT NULL)",
            """
            CREATE TABLE plan_queues (
              plan BIGINT NOT NULL, system TEXT NOT NULL, pending BIGINT NOT NULL, PRIMARY KEY (plan, system)) \(dialect.clustered)
            """,
        ]
    }

    private static func users(_ dialect: SQLDialect) -> [String] {
        [
            """
            CREATE TABLE users (
              id TEXT NOT NULL PRIMARY KEY, user_key TEXT NOT NULL, source TEXT NOT NULL, status TEXT NOT NULL, version BIGINT NOT NULL,
              attributes TEXT NOT NULL, assignments TEXT NOT NULL, due BIGINT, plan_again BIGINT NOT NULL, correlated_by BIGINT)
            """,
            "CREATE INDEX users_by_key ON users (user_key)",
            "CREATE INDEX users_due ON users (due) WHERE due IS NOT NULL",
            "CREATE INDEX users_plan_again ON users (id) WHERE plan_again = 1",
            """
            CREATE TABLE claims (
              source TEXT NOT NULL, user_key TEXT NOT NULL, user_id TEXT NOT NULL, key_hash BIGINT NOT NULL, row_hash BIGINT NOT NULL,
              file TEXT NOT NULL, line BIGINT NOT NULL, PRIMARY KEY (source, user_key)) \(dialect.clustered)
            """,
            // Holds everything that reading the marks needs: the table itself is not touched.
            "CREATE INDEX claims_by_hash ON claims (source, key_hash, row_hash)",
            "CREATE INDEX claims_by_user ON claims (user_id, source)",
            // Of a user's rows those count that the plan in `users.correlated_by` wrote: replacing them needs no index by user.
            """
            CREATE TABLE correlations (
              attribute TEXT NOT NULL, folded TEXT NOT NULL, user_id TEXT NOT NULL, plan BIGINT NOT NULL,
              PRIMARY KEY (attribute, folded, user_id)) \(dialect.clustered)
            """,
            """
            CREATE TABLE accounts (
              user_id TEXT NOT NULL, system TEXT NOT NULL, state TEXT NOT NULL, account_id TEXT, name TEXT, version BIGINT NOT NULL,
              document TEXT NOT NULL, PRIMARY KEY (user_id, system))
            """,
            "CREATE INDEX accounts_by_id ON accounts (system, account_id, state)",
        ]
    }

    /// `names.claim_hash` is the 64-bit hash of the claim; its unique index stands for one on (system, attribute, scope, folded) and is a fifth as large. Names come
    /// in no order, so a chunk of a plan dirties most pages of such an index: its size is what saving costs. Two claims of one hash, should they ever
    /// meet, are one name, and whoever comes second gets the next candidate.
    private static func names(_ dialect: SQLDialect) -> [String] {
        [
            """
            CREATE TABLE names (
              id \(dialect.countedKey), claim_hash BIGINT NOT NULL, system TEXT NOT NULL, attribute TEXT NOT NULL, scope TEXT NOT NULL,
              folded TEXT NOT NULL, user_id TEXT NOT NULL, plan BIGINT NOT NULL)
            """,
            "CREATE UNIQUE INDEX names_by_claim ON names (claim_hash)",
            "CREATE INDEX names_by_plan ON names (plan)",
            "CREATE TABLE name_holds (name BIGINT NOT NULL, plan BIGINT NOT NULL, PRIMARY KEY (name, plan)) \(dialect.clustered)",
            "CREATE INDEX name_holds_by_plan ON name_holds (plan)",
        ]
    }

    private static func records(_ dialect: SQLDialect) -> [String] {
        [
            """
            CREATE TABLE quarantines (
              id \(dialect.countedKey), plan BIGINT NOT NULL, source TEXT NOT NULL, user_key TEXT, key_hash BIGINT, file TEXT NOT NULL,
              line BIGINT NOT NULL, column_number BIGINT NOT NULL, column_name TEXT, reason TEXT NOT NULL, active BIGINT NOT NULL)
            """,
            "CREATE INDEX quarantines_by_plan ON quarantines (plan)",
            "CREATE INDEX quarantines_active ON quarantines (source, user_key) WHERE active = 1",
            "CREATE TABLE profiles (source TEXT NOT NULL PRIMARY KEY, document TEXT NOT NULL)",
            "CREATE TABLE applied_contents (source TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (source, digest)) \(dialect.clustered)",
            """
            CREATE TABLE outbox (
              id \(dialect.countedKey), tracking_number TEXT NOT NULL, sequence BIGINT NOT NULL, user_id TEXT NOT NULL, user_key TEXT NOT NULL,
              body TEXT NOT NULL, at BIGINT NOT NULL)
            """,
            "CREATE UNIQUE INDEX outbox_by_tracking_number ON outbox (tracking_number, sequence)",
            "CREATE TABLE deliveries (sink TEXT NOT NULL PRIMARY KEY, up_to BIGINT NOT NULL, at BIGINT NOT NULL)",
            """
            CREATE TABLE audit (
              id \(dialect.countedKey), at BIGINT NOT NULL, kind TEXT NOT NULL, plan BIGINT, order_id BIGINT, user_id TEXT,
              from_state BIGINT, to_state BIGINT, text TEXT)
            """,
        ]
    }

    /// What is kept beside events, audit and configuration.
    private static func version2Records(_ dialect: SQLDialect) -> [String] {
        [
            // Where a sink stood when events were last marked as delivered, in its own words.
            "ALTER TABLE deliveries ADD COLUMN position TEXT",
            // Digests of the values from outside that a configuration was read with, by its hash.
            """
            CREATE TABLE configuration_values (
              configuration_hash TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL,
              PRIMARY KEY (configuration_hash, name)) \(dialect.clustered)
            """,
            "CREATE INDEX outbox_by_user ON outbox (user_id)",
        ]
    }
}
