/// Bounds that keep any expression and any input from hanging or ending the process.
package enum Limits {
    /// Bytes of an expression's text.
    package static let expressionBytes = 65_536
    /// How deep an expression may nest, chains of operators included.
    package static let depth = 160
    /// Steps of one evaluation.
    package static let cost = 1_000_000
    /// Bytes of a string or of bytes that an expression makes.
    package static let stringBytes = 65_536
    /// Elements of a list or entries of a map that an expression makes.
    package static let listElements = 10_000
}
