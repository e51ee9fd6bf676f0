internal import Planning

extension ChunkPlanning {
    /// Asks until everything is known. Who answers differs (systems and store, what an order holds, what another configuration has chosen); the conversation
    /// is the same.
    func interview<Failure: Error>(
        lookingUp: Bool = true, entries: ([LookupQuestion]) async throws(Failure) -> [LookupAnswer],
        names: (NameQuestions) async throws(Failure) -> NameAnswers
    ) async throws(Failure) {
        while let question = nextQuestion(lookingUp: lookingUp) {
            switch question {
            case .entries(let questions): answer(try await entries(questions))
            case .names(let questions): answer(questions, try await names(questions))
            }
        }
    }
}
