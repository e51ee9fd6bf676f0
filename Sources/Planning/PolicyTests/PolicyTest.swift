package import IdentityModel

/// What a policy map is expected to make of somebody: one entry of `<System>.tests.yaml`.
package struct PolicyTest: Sendable {
    /// Somebody on a day, in a world where some names are taken.
    package struct Situation: Sendable {
        /// Only attributes with a value.
        package let attributes: [String: UserValue]
        /// As a source would say it: dates among the attributes may still make the user `pendingStart` or `terminated`.
        package let status: UserStatus
        /// Nil: the business rules decide.
        package let roles: [RoleName]?
        package let date: CivilDate
        /// Names that others hold.
        package let taken: Set<TakenName>

        package init(
            attributes: [String: UserValue], status: UserStatus, roles: [RoleName]?, date: CivilDate, taken: Set<TakenName>
        ) {
            self.attributes = attributes
            self.status = status
            self.roles = roles
            self.date = date
            self.taken = taken
        }
    }

    /// In any container, for a name that is unique in its container.
    package struct TakenName: Sendable, Hashable {
        package let attribute: String
        /// Who says so: our own store, or the system.
        package let place: UniqueRule.Place
        /// As written; compared as the rule compares.
        package let value: String
        package init(attribute: String, place: UniqueRule.Place, value: String) {
            self.attribute = attribute
            self.place = place
            self.value = value
        }
    }

    /// The account the user has already: made by the same policy map in the situation before, and then changed where the test says so.
    package struct KnownAccount: Sendable {
        package let before: Situation
        package let state: AccountState
        package let attributes: [String: [AccountValue]]
        /// Nil: those that the roles of the situation before gave.
        package let memberships: Set<String>?

        package init(before: Situation, state: AccountState, attributes: [String: [AccountValue]], memberships: Set<String>?) {
            self.before = before
            self.state = state
            self.attributes = attributes
            self.memberships = memberships
        }
    }

    /// What the system answers when it is asked for an entry of the user.
    package enum Entry: Sendable {
        /// The known account, if there is one.
        case asKnown
        case absent
        /// An entry that belongs to nobody.
        case unowned(ActualAccount)
    }

    /// What a value has to be, and where the test says so.
    package struct Wanted<Value: Sendable>: Sendable {
        package let value: Value
        package let position: TextPosition
        package init(_ value: Value, at position: TextPosition) {
            self.value = value
            self.position = position
        }
    }

    package enum WantedOutcome: Sendable, Hashable {
        case values([AccountValue])
        /// The rule gives no value: what was written is removed.
        case noValue
        /// `when` is false, or an error was skipped: whatever is there stays.
        case leftAlone
    }

    /// A request that the connector is to send.
    package struct WantedRequest: Sendable, Hashable {
        package let method: String
        package let path: String
        /// Members in order of their names; nil: not compared.
        package let body: JSON?

        package init(method: String, path: String, body: JSON?) {
            self.method = method
            self.path = path
            self.body = body
        }

        package var text: String { "\(method) \(path)" + (body.map { " " + $0.text } ?? "") }
    }

    /// Only what is not nil is compared.
    package struct Expectation: Sendable {
        /// `.some(nil)` inside: no order at all.
        package var operation: Wanted<Operation?>?
        package var attributes: [(name: String, wanted: Wanted<WantedOutcome>)] = []
        /// Attributes that are not listed must not have a value.
        package var isExact = false
        /// Those we gave, once the order is carried out.
        package var memberships: Wanted<Set<String>>?
        /// The attributes the order writes, the account's name among them when it changes.
        package var changes: Wanted<Set<String>>?
        /// All requests that change something.
        package var requests: Wanted<[WantedRequest]>?
        /// A part of an error's text.
        package var error: Wanted<String>?
        package let position: TextPosition

        package init(position: TextPosition) { self.position = position }
    }

    package let name: String
    package let position: TextPosition
    package let situation: Situation
    package let account: KnownAccount?
    package let entry: Entry
    package let expected: Expectation

    package init(
        name: String, position: TextPosition, situation: Situation, account: KnownAccount?, entry: Entry, expected: Expectation
    ) {
        self.name = name
        self.position = position
        self.situation = situation
        self.account = account
        self.entry = entry
        self.expected = expected
    }
}

/// The tests beside one policy map.
package struct PolicyTestSuite: Sendable {
    package let system: SystemName
    package let file: String
    /// In the order of the file.
    package let tests: [PolicyTest]
    package init(system: SystemName, file: String, tests: [PolicyTest]) {
        self.system = system
        self.file = file
        self.tests = tests
    }
}

/// What came of a policy test.
package struct PolicyTestResult: Sendable {
    /// Something that is not as expected.
    package struct Mismatch: Sendable {
        package enum Subject: Sendable, Hashable {
            case operation, memberships, changes, requests, error
            /// The account that was to be known could not be made.
            case account
            case attribute(String)
        }

        package let subject: Subject
        package let expected: String
        package let actual: String
        /// Where the test says what it expects.
        package let position: TextPosition
        /// The way to the actual value.
        package let trace: [TracedExpression]
        /// What helps to understand it: roles and reasons.
        package let notes: [String]
    }

    package let test: PolicyTest
    package private(set) var mismatches: [Mismatch]
    /// What came of it, for whoever compares more: the account before, and the order.
    package let known: Account?
    package let order: ProvisioningOrder?

    package init(test: PolicyTest, mismatches: [Mismatch], known: Account?, order: ProvisioningOrder?) {
        self.test = test
        self.mismatches = mismatches
        self.known = known
        self.order = order
    }

    package func adding(_ mismatch: Mismatch) -> PolicyTestResult {
        var result = self
        result.mismatches.append(mismatch)
        return result
    }

    package var hasPassed: Bool { mismatches.isEmpty }
}
