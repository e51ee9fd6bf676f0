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
}
