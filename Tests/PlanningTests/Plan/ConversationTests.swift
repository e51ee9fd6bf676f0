import IdentityModel
import Planning
import Testing

/// The planner's conversation with the world.
struct ConversationTests {
    private func planning() throws -> ChunkPlanning {
        let company = try PlannedAccounts()
        let assignments = [RoleAssignment(role: RoleName("Employee"), origin: .manual("test"))]
        return ChunkPlanning(
            configuration: company.configuration, hints: NameHints(),
            changes: [PlannedAccounts.user(), PlannedAccounts.user("E2", "Berg")].map { user in
                UserChange(
                    change: .joiner, user: user, before: nil, assignments: assignments, assignmentsBefore: [], claim: nil, due: nil,
                    reasons: [])
            }, accounts: [:])
    }

    /// What was asked, in short, until nothing is.
    private func conversation(_ planning: ChunkPlanning, lookingUp: Bool = true, answers: Bool = true) -> [String] {
        var asked: [String] = []
        while let question = planning.nextQuestion(lookingUp: lookingUp), asked.count < 20 {
            switch question {
            case .entries(let questions):
                asked.append("entries \(questions.count)")
                if answers { planning.answer(questions.map { ($0, .absent) }) }
            case .names(let questions):
                asked.append("names")
                planning.answer(questions, ChunkPlanning.NameAnswers(holders: [:], taken: questions.probes.map { _ in false }))
            }
        }
        return asked
    }

    @Test func `entries are asked for first, then names, and nothing twice`() throws {
        let planning = try planning()
        let asked = conversation(planning)
        #expect(asked.first == "entries 2" && asked.count < 20)
        #expect(asked.dropFirst().allSatisfy { $0 == "names" } && asked.count > 1)
        #expect(planning.nextQuestion() == nil)
        #expect(planning.orders(from: 1).count == 2)
    }

    @Test func `an entry about which nothing is answered was not asked for, and is not asked for again`() throws {
        let asked = conversation(try planning(), answers: false)
        #expect(asked.filter { $0.hasPrefix("entries") } == ["entries 2"])
    }

    @Test func `where entries are known only names are asked for`() throws {
        let asked = conversation(try planning(), lookingUp: false)
        #expect(!asked.isEmpty && asked.allSatisfy { $0 == "names" })
    }

    @Test func `who cannot be asked about is left aside, and the other is planned as if nothing were`() throws {
        let planning = try planning()
        guard case .entries(let questions)? = planning.nextQuestion() else { return #expect(Bool(false), "entries are asked for first") }
        planning.answer([(questions[1], .absent)])
        planning.leaveAside([questions[0]])
        _ = conversation(planning)
        #expect(planning.evaluations == 2)
        #expect(planning.leftAside.map(\.user.text) == ["u-E1"] && planning.leftAside[0].isDue)
        #expect(planning.orders(from: 1).map(\.user.text) == ["u-E2"])
    }

    @Test func `the names of whoever is left aside are free for the others`() throws {
        let planning = try planning()
        while let question = planning.nextQuestion() {
            switch question {
            case .entries(let questions): planning.answer(questions.map { ($0, .absent) })
            case .names(let questions):
                planning.answer(questions, ChunkPlanning.NameAnswers(holders: [:], taken: questions.probes.map { _ in false }))
            }
        }
        planning.leaveAside { user, _ in user.text == "u-E1" }
        #expect(planning.leftAside.map(\.user.text) == ["u-E1"])
        #expect(planning.orders(from: 1).count == 1)
    }

    @Test func `accounts in doubt are told, so that an order settles it`() throws {
        let company = try PlannedAccounts()
        let assignments = [RoleAssignment(role: RoleName("Employee"), origin: .manual("test"))]
        let user = PlannedAccounts.user()
        let change = UserChange(
            change: .unchanged, user: user, before: user, assignments: assignments, assignmentsBefore: assignments, claim: nil, due: nil,
            reasons: [])
        func inDoubt(_ account: Account) -> [String] {
            ChunkPlanning(configuration: company.configuration, hints: NameHints(), changes: [change], accounts: [user.id: [account]])
                .inDoubt.map(\.user.text)
        }
        #expect(inDoubt(PlannedAccounts.account()) == [])
        #expect(inDoubt(PlannedAccounts.account(doubt: AccountDoubt())) == ["u-E1"])
    }
}
