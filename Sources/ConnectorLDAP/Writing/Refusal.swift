internal import Contracts
internal import IdentityModel

/// Puts a refusal into a failure: our words for what was tried, the server's own for why.
struct Refusal {
    let dialect: Dialect

    /// `attributes`: the names that were sent, so that the one the server speaks of can be found in its text.
    func failure(_ answer: Answer, _ attempt: String, attributes: [String] = []) -> ConnectorFailure {
        let advice = advice(answer)
        return ConnectorFailure(
            dialect.errorClass(answer.code, text: answer.text), attempt + advice,
            serverText: ResultCode.serverText(answer.code, answer.text),
            attribute: attribute(in: answer.text, of: attributes))
    }

    func lost(_ attempt: String, _ why: String) -> ConnectorFailure {
        ConnectorFailure(.unknown, "\(attempt): \(why), so it is not known whether it was done")
    }

    private func advice(_ answer: Answer) -> String {
        switch answer.code {
        case 32 where !answer.matchedName.isEmpty: ": only \(answer.matchedName) exists"
        case 50: ": the service account lacks the right"
        case 68: ": the name is taken"
        default: ""
        }
    }

    /// slapd writes `mail: value #0 invalid per syntax`, `object class 'person' requires attribute 'sn'`, `attribute 'x' not allowed`; others put the
    /// name in parentheses. The longest name that stands in the text as a word of its own is the one that is meant.
    private func attribute(in text: String, of attributes: [String]) -> String? {
        let words = Set(text.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "-") })
        let named = attributes.filter { words.contains(Substring($0.lowercased())) }
        if let longest = named.max(by: { $0.utf8.count < $1.utf8.count }) { return longest }
        guard let start = text.firstRange(of: "requires attribute '") else { return nil }
        return String(text[start.upperBound...].prefix { $0 != "'" })
    }
}
