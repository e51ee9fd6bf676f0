import Testing

@testable import birthright

@Suite("An expression that begins with a minus")
struct EvalArgumentsTests {
    @Test(
        "is no option",
        arguments: [
            (["eval", "-(1)"], ["eval", "--", "-(1)"]),
            (["eval", "-1", "--format", "json"], ["eval", "--format", "json", "--", "-1"]),
            (["eval", "--config", "-odd", "-user.x"], ["eval", "--config", "-odd", "--", "-user.x"]),
            (["eval", "--system", "AD", "--(1)"], ["eval", "--system", "AD", "--", "--(1)"]),
            (["eval", "- 1"], ["eval", "--", "- 1"]),
        ])
    func protected(_ given: [String], _ expected: [String]) {
        #expect(EvalArguments.protected(given) == expected)
    }

    @Test(
        "leaves everything else as it was given",
        arguments: [
            ["eval", "1 - 1"], ["eval", "--format=json", "user.x"], ["eval", "-h"], ["eval", "--help"], ["eval", "--usr", "E1", "1"],
            ["eval", "--", "-(1)"], ["plan", "-x"], [],
        ])
    func untouched(_ given: [String]) {
        #expect(EvalArguments.protected(given) == given)
    }
}
