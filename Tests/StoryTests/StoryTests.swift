import Foundation
import Testing

@Suite("Stories: the real binary, a real directory")
struct StoryTests {
    @Test("a story goes as it is written", arguments: Story.all)
    func goesAsWritten(_ story: Story) throws {
        let stage = try Stage(story)
        defer { stage.strike() }
        let isAccepting = ProcessInfo.processInfo.environment["BIRTHRIGHT_ACCEPT"] == "1"
        var rewritten: [String] = []
        for piece in try story.pieces() {
            switch piece {
            case .prose(let line): rewritten.append(line)
            case .step(let step):
                let actual = stage.lines(try stage.run(step.command))
                rewritten += ["$ " + step.command] + actual
                if !isAccepting && actual != step.expected {
                    Issue.record(
                        """
                        story.txt:\(step.line): $ \(step.command)
                        --- expected
                        \(step.expected.joined(separator: "\n"))
                        --- actual
                        \(actual.joined(separator: "\n"))
                        """)
                }
            }
        }
        if isAccepting {
            let text = rewritten.joined(separator: "\n") + "\n"
            try text.write(to: story.folder.appendingPathComponent("story.txt"), atomically: true, encoding: .utf8)
        }
    }

    @Test("there are stories")
    func thereAreStories() {
        #expect(Story.all.count >= 15)
    }
}
