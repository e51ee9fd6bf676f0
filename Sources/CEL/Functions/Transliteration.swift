internal import Foundation

/// Latin, Greek and Cyrillic letters as ASCII, by table. A letter without an entry is an error, never dropped.
enum Transliteration {
    static let all: [Overload] = [
        .method("transliterate") { (a: String) throws(CELError) in try transliterated(a, nil) },
        .method("transliterate") { (a: String, language: String) throws(CELError) in try transliterated(a, language) },
        .optional("tryTransliterate") { (a: String) throws(CELError) in try attempted(a, nil) },
        .optional("tryTransliterate") { (a: String, language: String) throws(CELError) in try attempted(a, language) },
    ]

    private static func transliterated(_ text: String, _ language: String?) throws(CELError) -> String {
        let variant = try variant(language)
        if text.isASCII { return text }
        switch ascii(text, variant) {
        case .success(let result): return result
        case .failure(let unmapped):
            let code = String(unmapped.scalar.value, radix: 16, uppercase: true)
            let padded = String(repeating: "0", count: max(0, 4 - code.utf8.count)) + code
            throw CELError.invalid("\(Value.string(text).shown) has no ASCII form: '\(unmapped.scalar)' (U+\(padded)) is not in the tables")
        }
    }

    private static func attempted(_ text: String, _ language: String?) throws(CELError) -> String? {
        let variant = try variant(language)
        if text.isASCII { return text }
        return try? ascii(text, variant).get()
    }

    private static func variant(_ language: String?) throws(CELError) -> [Unicode.Scalar: String] {
        guard let language else { return [:] }
        guard let variant = TransliterationTables.variants[language] else {
            throw CELError.invalid("transliterate() knows de, sv, no and da, but not \(Value.string(language).shown)")
        }
        return variant
    }

    private struct Unmapped: Error { let scalar: Unicode.Scalar }

    private static func ascii(_ text: String, _ variant: [Unicode.Scalar: String]) -> Result<String, Unmapped> {
        let scalars = Array(composed(text).unicodeScalars)
        var result: [UInt8] = []
        result.reserveCapacity(2 * scalars.count)
        var position = 0
        while position < scalars.count {
            let scalar = scalars[position]
            if scalar.isASCII {
                result.append(UInt8(truncatingIfNeeded: scalar.value))
                position += 1
                continue
            }
            if let (letters, length) = GreekDigraphs.match(scalars, at: position) {
                result += cased(letters, scalars, position, length).utf8
                position += length
                continue
            }
            guard let letters = (variant.isEmpty ? nil : variant[scalar]) ?? TransliterationTables.text(of: scalar) else {
                guard scalar.properties.generalCategory == .nonspacingMark || scalar.properties.generalCategory == .format else {
                    return .failure(Unmapped(scalar: scalar))
                }
                position += 1
                continue
            }
            result += cased(letters, scalars, position, 1).utf8
            position += 1
        }
        return .success(String(bytes: result))
    }

    /// A letter followed by its mark is the letter with the mark, so that both spellings of a name give one result.
    private static func composed(_ text: String) -> String {
        // U+0300 is the first mark; letters of names mostly stand before it.
        let hasMarks = text.unicodeScalars.contains { $0.value >= 0x300 && $0.properties.generalCategory == .nonspacingMark }
        return hasMarks ? text.precomposedStringWithCanonicalMapping : text
    }

    /// `Oe` becomes `OE` inside a word written in capitals.
    private static func cased(_ letters: String, _ scalars: [Unicode.Scalar], _ position: Int, _ length: Int) -> String {
        guard letters.utf8.count > 1, letters.utf8.first?.isUpper == true else { return letters }
        let next = position + length < scalars.count ? scalars[position + length] : nil
        let previous = position > 0 ? scalars[position - 1] : nil
        let isCapitals =
            next.map { $0.properties.isAlphabetic } == true
            ? next?.properties.isUppercase == true : previous?.properties.isUppercase == true
        return isCapitals ? letters.uppercased() : letters
    }
}

/// Greek letters that are read together (ELOT 743).
enum GreekDigraphs {
    private static let simple: [String: String] = ["ου": "ou", "γγ": "ng", "γξ": "nx", "γχ": "nch"]
    private static let voiced: Set<Unicode.Scalar> = Set("αάεέηήιίοόυύωώβγδζλμνρ".unicodeScalars)

    static func match(_ scalars: [Unicode.Scalar], at position: Int) -> (String, Int)? {
        let first = scalars[position]
        guard (0x370...0x3FF).contains(first.value), position + 1 < scalars.count else { return nil }
        let letter = lower(first)
        let second = lower(scalars[position + 1])
        let base: Unicode.Scalar = second == "ύ" ? "υ" : second
        var letters: String?
        if let found = simple[String(letter) + String(base)] {
            letters = found
        } else if base == "υ", let vowel = ["α": "a", "ε": "e", "η": "i"][String(letter)] {
            let next = position + 2 < scalars.count ? lower(scalars[position + 2]) : nil
            letters = vowel + (next.map { voiced.contains($0) } == true ? "v" : "f")
        } else if letter == "μ", base == "π", isEdge(scalars, position - 1) || isEdge(scalars, position + 2) {
            letters = "b"
        }
        guard let letters else { return nil }
        return (first == letter ? letters : letters.prefix(1).uppercased() + letters.dropFirst(), 2)
    }

    private static func lower(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        let mapping = scalar.properties.lowercaseMapping.unicodeScalars
        return mapping.count == 1 ? mapping[mapping.startIndex] : scalar
    }

    private static func isEdge(_ scalars: [Unicode.Scalar], _ position: Int) -> Bool {
        !scalars.indices.contains(position) || !scalars[position].properties.isAlphabetic
    }
}
