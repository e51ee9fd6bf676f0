import Foundation
import IdentityModel

/// Writes a JSON array as its elements become known, one element on a line.
struct JSONArrayOutput {
    private var isEmpty = true

    init() { write("[") }

    mutating func add(_ element: JSON) {
        write((isEmpty ? "\n" : ",\n") + element.text)
        isEmpty = false
    }

    func end() { write(isEmpty ? "]" : "\n]") }

    /// After the last array of an object has ended.
    static func write(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }
    private func write(_ text: String) { Self.write(text) }
}
