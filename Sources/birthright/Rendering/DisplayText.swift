import Pages

/// Text as a terminal shows it.
enum DisplayText {
    /// Columns the text takes on a terminal.
    ///
    /// Glibc's `wcwidth` is a macro-guarded function that Swift does not import and that depends on the locale; these ranges are those of Unicode
    /// Standard Annex #11 with the property Wide or Fullwidth, joined where only unassigned code points lie between them. A grapheme cluster is as
    /// wide as its widest part: marks, joiners and the vowels of decomposed Hangul take no column of their own.
    static func width(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text.utf8.count }
        return text.reduce(0) { $0 + ($1.unicodeScalars.map(width).max() ?? 0) }
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .control, .format, .nonspacingMark, .enclosingMark: return 0
        default: break
        }
        guard scalar.value >= 0x1100 else { return 1 }
        var low = 0
        var high = wide.count - 1
        while low <= high {
            let middle = (low + high) / 2
            if wide[middle].contains(scalar.value) { return 2 }
            if scalar.value < wide[middle].lowerBound { high = middle - 1 } else { low = middle + 1 }
        }
        return 1
    }

    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x231A...0x231B, 0x2329...0x232A, 0x23E9...0x23EC, 0x23F0...0x23F0, 0x23F3...0x23F3, 0x25FD...0x25FE,
        0x2614...0x2615,
        0x2648...0x2653, 0x267F...0x267F, 0x2693...0x2693, 0x26A1...0x26A1, 0x26AA...0x26AB, 0x26BD...0x26BE, 0x26C4...0x26C5,
        0x26CE...0x26CE,
        0x26D4...0x26D4, 0x26EA...0x26EA, 0x26F2...0x26F3, 0x26F5...0x26F5, 0x26FA...0x26FA, 0x26FD...0x26FD, 0x2705...0x2705,
        0x270A...0x270B,
        0x2728...0x2728, 0x274C...0x274C, 0x274E...0x274E, 0x2753...0x2755, 0x2757...0x2757, 0x2795...0x2797, 0x27B0...0x27B0,
        0x27BF...0x27BF,
        0x2B1B...0x2B1C, 0x2B50...0x2B50, 0x2B55...0x2B55, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F,
        0xAC00...0xD7A3,
        0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF,
        0x1F004...0x1F004,
        0x1F0CF...0x1F0CF, 0x1F18E...0x1F18E, 0x1F191...0x1F19A, 0x1F200...0x1F265, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F7E0...0x1F7F0,
        0x1F90C...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD,
    ]

    static func padded(_ text: String, to width: Int) -> String { text + spaces(width - self.width(text)) }
    static func paddedLeft(_ text: String, to width: Int) -> String { spaces(width - self.width(text)) + text }
    static func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

    /// At most so many columns; a longer text ends in "…".
    static func cut(_ text: String, to limit: Int) -> String {
        guard width(text) > limit else { return text }
        var shown = ""
        var taken = 0
        for character in text {
            let next = width(String(character))
            if taken + next > limit - 1 { break }
            shown.append(character)
            taken += next
        }
        return shown + "…"
    }

    /// Values come from files and servers: a control character in them must not reach the terminal, and one that reverses the reading
    /// direction must not disguise what is written (Unicode Technical Report #36, section 2.10).
    static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": shown += "\\n"
            case "\r": shown += "\\r"
            case "\t": shown += "\\t"
            case _ where isUnsafe(scalar): shown += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    static func count(_ number: Int) -> String { Counted.number(number) }
    static func count(_ number: Int, _ one: String, _ many: String? = nil) -> String { Counted.things(number, one, many) }
}
