internal import Foundation

/// Text functions for names and account names.
enum IdentityText {
    static let all: [Overload] = cases + shapes + cuts

    private static let cases: [Overload] = [
        .method("lower") { (a: String) throws(CELError) in
            a.isASCII ? a.mappingASCII(where: \.isUpper) { $0 + 0x20 } : a.lowercased()
        },
        .method("upper") { (a: String) throws(CELError) in
            a.isASCII ? a.mappingASCII(where: \.isLower) { $0 - 0x20 } : a.uppercased()
        },
        .method("title") { (a: String) throws(CELError) in titled(a) },
        .method("normalizeName") { (a: String) throws(CELError) in normalizedName(a) },
        .method("initials") { (a: String) throws(CELError) in initials(a) },
    ]

    private static let shapes: [Overload] = [
        .method("stripDiacritics") { (a: String) throws(CELError) in a.isASCII ? a : strippingMarks(a) },
        .method("alnum") { (a: String) throws(CELError) in a.keepingBytes { $0.isLetter || $0.isDigit } },
        .method("keep") { (a: String, set: String) throws(CELError) in
            let allowed = try CharacterClass(set)
            if a.unicodeScalars.allSatisfy(allowed.contains) { return a }
            return String(String.UnicodeScalarView(a.unicodeScalars.filter(allowed.contains)))
        },
        .method("collapseSpaces") { (a: String) throws(CELError) in collapsingSpaces(a) },
    ]

    private static let cuts: [Overload] = [
        .method("padLeft") { (a: String, width: Int64, pad: String) throws(CELError) in
            guard pad.scalarCount == 1 else { throw CELError.invalid("padLeft() needs one character, not \(Value.string(pad).shown)") }
            let length = Int64(a.scalarCount)
            guard width > length else { return a }
            let missing = width - length
            guard missing <= Int64(Limits.stringBytes / 4) else { throw CELError.tooLong }
            return String(repeating: pad, count: Int(missing)) + a
        },
        .method("ifEmpty") { (a: String, fallback: String) throws(CELError) in a.isEmpty ? fallback : a },
    ]

    /// Words start after white space, a hyphen, or an apostrophe behind a single letter (O'Brien, D'Angelo).
    static func titled(_ text: String) -> String {
        var result = ""
        var lettersInWord = 0
        for scalar in text.unicodeScalars {
            if scalar.properties.isAlphabetic || scalar.properties.generalCategory == .nonspacingMark {
                result += lettersInWord == 0 ? scalar.properties.titlecaseMapping : scalar.properties.lowercaseMapping
                lettersInWord += 1
            } else {
                result.unicodeScalars.append(scalar)
                let isApostrophe = scalar == "'" || scalar == "\u{2019}"
                if !isApostrophe || lettersInWord == 1 { lettersInWord = 0 }
            }
        }
        return result
    }

    /// Composed (NFC), single spaces, and in title case when it was written in one case throughout; `van der Berg` stays.
    private static func normalizedName(_ text: String) -> String {
        let spaced = collapsingSpaces(text)
        let composed = spaced.isASCII ? spaced : spaced.precomposedStringWithCanonicalMapping
        let hasUpper = composed.unicodeScalars.contains { $0.properties.isUppercase }
        let hasLower = composed.unicodeScalars.contains { $0.properties.isLowercase }
        return hasUpper && hasLower ? composed : titled(composed)
    }

    /// The first letter of every word, in upper case: `Anna-Lena Berg` gives `ALB`.
    private static func initials(_ text: String) -> String {
        var result = ""
        var isInWord = false
        for scalar in text.unicodeScalars {
            let isLetter = scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            if isLetter, !isInWord { result += scalar.properties.uppercaseMapping }
            if isLetter {
                isInWord = true
            } else if scalar.properties.isWhitespace || scalar == "-" || scalar == "\u{2010}" {
                isInWord = false
            }
        }
        return result
    }

    private static func strippingMarks(_ text: String) -> String {
        let scalars = text.decomposedStringWithCanonicalMapping.unicodeScalars.filter { $0.properties.generalCategory != .nonspacingMark }
        return String(String.UnicodeScalarView(scalars)).precomposedStringWithCanonicalMapping
    }

    private static func collapsingSpaces(_ text: String) -> String {
        var result = ""
        var isPending = false
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace {
                isPending = !result.isEmpty
            } else {
                if isPending { result += " " }
                isPending = false
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// A set of characters written as in a regular expression's brackets: `a-z0-9.-`.
struct CharacterClass: Sendable {
    private static let longest = 256
    private var ranges: [ClosedRange<Unicode.Scalar>] = []

    init(_ text: String) throws(CELError) {
        guard text.utf8.count <= Self.longest else { throw CELError.invalid("the set of keep() is longer than \(Self.longest) bytes") }
        let scalars = Array(text.unicodeScalars)
        var position = 0
        while position < scalars.count {
            let first = scalars[position]
            if position + 2 < scalars.count, scalars[position + 1] == "-" {
                let last = scalars[position + 2]
                guard first <= last else { throw CELError.invalid("the range '\(first)-\(last)' of keep() is backwards") }
                ranges.append(first...last)
                position += 3
            } else {
                ranges.append(first...first)
                position += 1
            }
        }
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool { ranges.contains { $0.contains(scalar) } }
}
