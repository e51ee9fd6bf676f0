internal import Foundation

enum TransliterationTables {
    /// What a language writes otherwise than the general table: German convention, and ICAO Doc 9303 for the Nordic letters.
    static let variants: [String: [Unicode.Scalar: String]] = {
        let nordic = withCapitals(["å": "aa", "ä": "ae", "æ": "ae", "ö": "oe", "ø": "oe", "ǿ": "oe", "ǽ": "ae"])
        return ["de": withCapitals(["ä": "ae", "ö": "oe", "ü": "ue"]), "sv": nordic, "no": nordic, "da": nordic]
    }()

    /// The ASCII form of a letter or sign; nil when there is none.
    static func text(of scalar: Unicode.Scalar) -> String? {
        scalar.value < 0x530 ? common[Int(scalar.value)] : letters[scalar]
    }

    /// By code point up to the end of Cyrillic.
    private static let common: [String?] = (0..<0x530).map { (value: UInt32) in Unicode.Scalar(value).flatMap { letters[$0] } }

    /// Every letter that has an ASCII form: the tables below, and all letters that are one of them with marks.
    private static let letters: [Unicode.Scalar: String] = {
        let own = withCapitals(latin.merging(greek) { first, _ in first }.merging(cyrillic) { first, _ in first })
        var all = own
        for range: ClosedRange<UInt32> in [0xC0...0x24F, 0x370...0x52F, 0x1E00...0x1FFF, 0x2C60...0x2C7F, 0xA720...0xA7FF] {
            for scalar in range.lazy.compactMap({ Unicode.Scalar($0) }) where all[scalar] == nil {
                guard let base = base(of: scalar) else { continue }
                if base.isASCII { all[scalar] = String(base) } else { all[scalar] = own[base] }
            }
        }
        return all.merging(signs) { first, _ in first }
    }()

    /// The letter without its marks; nil when it has none.
    private static func base(of scalar: Unicode.Scalar) -> Unicode.Scalar? {
        let parts = String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars
        guard parts.count > 1, let first = parts.first, first.properties.isAlphabetic,
            parts.dropFirst().allSatisfy({ $0.properties.generalCategory == .nonspacingMark })
        else { return nil }
        return first
    }

    private static func withCapitals(_ table: [Unicode.Scalar: String]) -> [Unicode.Scalar: String] {
        var all = table
        for (letter, text) in table {
            let upper = letter.properties.uppercaseMapping.unicodeScalars
            guard upper.count == 1, let capital = upper.first, capital != letter, all[capital] == nil else { continue }
            all[capital] = text.prefix(1).uppercased() + text.dropFirst()
        }
        return all
    }

    /// Letters that are not a letter with marks.
    private static let latin: [Unicode.Scalar: String] = [
        "ß": "ss", "ẞ": "SS", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ĳ": "ij",
        "ŋ": "ng", "ŧ": "t", "ſ": "s", "ƒ": "f", "ə": "a", "ǝ": "a", "ŉ": "n", "ĸ": "k", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ɖ": "d", "ɛ": "e",
        "ɔ": "o", "ɣ": "g", "ƴ": "y", "ƶ": "z", "ǥ": "g", "ȝ": "y", "ǆ": "dz", "ǉ": "lj", "ǌ": "nj", "ǳ": "dz", "ƀ": "b", "ɨ": "i",
        "ʉ": "u",
        "ⱥ": "a", "ȼ": "c", "ɇ": "e", "ɉ": "j", "ƚ": "l", "ɍ": "r", "ⱦ": "t", "ŀ": "l", "ª": "a", "º": "o",
        "ǅ": "Dz", "ǈ": "Lj", "ǋ": "Nj", "ǲ": "Dz", "İ": "I",
    ]

    /// ELOT 743 letter by letter.
    private static let greek: [Unicode.Scalar: String] = [
        "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l", "μ": "m", "ν": "n",
        "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o",
    ]

    /// Russian as BGN/PCGN writes it without marks, Ukrainian, Belarusian, Bulgarian, Serbian, Macedonian and Kazakh letters beside it.
    private static let cyrillic: [Unicode.Scalar: String] = [
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k", "л": "l",
        "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch",
        "ш": "sh",
        "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya", "є": "ye", "і": "i", "ї": "yi", "ґ": "g", "ў": "u",
        "ђ": "dj", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "џ": "dz", "ѓ": "gj", "ќ": "kj", "ѕ": "dz", "ѐ": "e", "ѝ": "i", "ә": "a",
        "ғ": "g", "қ": "k", "ң": "n", "ө": "o", "ұ": "u", "ү": "u", "һ": "h", "ӣ": "i", "ӯ": "u", "ҳ": "h", "ҷ": "j",
    ]

    /// Punctuation of names that has an ASCII twin, and spaces.
    private static let signs: [Unicode.Scalar: String] = [
        "\u{2018}": "'", "\u{2019}": "'", "\u{201A}": "'", "\u{201B}": "'", "\u{2BB}": "'", "\u{2BC}": "'", "\u{2BE}": "'", "\u{2BF}": "'",
        "\u{2B9}": "'", "\u{B4}": "'", "\u{2032}": "'", "\u{201C}": "\"", "\u{201D}": "\"", "\u{201E}": "\"", "\u{AB}": "\"",
        "\u{BB}": "\"",
        "\u{2010}": "-", "\u{2011}": "-", "\u{2012}": "-", "\u{2013}": "-", "\u{2014}": "-", "\u{2212}": "-", "\u{A0}": " ",
        "\u{2009}": " ",
        "\u{202F}": " ", "\u{2002}": " ", "\u{2003}": " ", "\u{B7}": "", "\u{2026}": "...",
    ]
}
