import IdentityModel
import Planning

/// Policy tests in the XML that continuous integration reads: JUnit's `testsuites`, as the Jenkins xUnit schema has it.
enum JUnitXML {
    static func document(_ report: PolicyTestReport) -> String {
        var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
        lines.append("<testsuites name=\"birthright test\" tests=\"\(report.count)\" failures=\"\(report.failed)\">")
        for suite in report.suites where !suite.results.isEmpty { lines += self.lines(suite) }
        return (lines + ["</testsuites>", ""]).joined(separator: "\n")
    }

    private static func lines(_ suite: PolicyTestReport.Suite) -> [String] {
        let system = attribute(suite.map.system.text)
        let failed = suite.results.count { !$0.hasPassed }
        var lines = [
            "  <testsuite name=\(system) tests=\"\(suite.results.count)\" failures=\"\(failed)\" errors=\"0\" skipped=\"0\">"
        ]
        for result in suite.results {
            let test = result.test
            let head =
                "    <testcase classname=\(system) name=\(attribute(test.name)) file=\(attribute(test.position.file)) line=\"\(test.position.line)\""
            guard !result.hasPassed else {
                lines.append(head + "/>")
                continue
            }
            let first = result.mismatches.prefix(1).map { "\($0.title): expected \($0.shown.expected), but it is \($0.shown.actual)" }
                .joined()
            let text = PolicyTestText.mismatches(result, .plain).joined(separator: "\n")
            lines += [head + ">", "      <failure message=\(attribute(first))>\(characters(text))</failure>", "    </testcase>"]
        }
        return lines + ["  </testsuite>"]
    }

    /// A line break in an attribute would be read as a space (XML 1.0 section 3.3.3).
    static func attribute(_ text: String) -> String {
        let breaks = ["\n": "&#10;", "\t": "&#9;", "\r": "&#13;"]
        return "\"" + breaks.reduce(characters(text)) { $0.replacing($1.key, with: $1.value) } + "\""
    }

    /// XML 1.0 has no way to write most control characters (section 2.2).
    static func characters(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\n", "\t", "\r": escaped.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
