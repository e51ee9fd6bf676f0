/// `phone.e164(number, region)`: writes a number with its calling code. It never judges whether the number exists.
enum PhoneNumbers {
    static let all: [Overload] = [
        .function("phone.e164") { (number: String, region: String) throws(CELError) in try e164(number, region) }
    ]

    final class Region: Sendable {
        let code: String
        /// Dialled before a national number, and left out of the international one.
        let trunk: String
        /// Dialled before a foreign number.
        let exit: String
        /// The prefix is only taken off when the number has this many digits with it: Russian area codes begin with 8 too.
        let lengthWithTrunk: Int?

        init(_ code: String, trunk: String = "", exit: String = "00", lengthWithTrunk: Int? = nil) {
            self.code = code
            self.trunk = trunk
            self.exit = exit
            self.lengthWithTrunk = lengthWithTrunk
        }
    }

    /// ITU-T E.164 assigned codes; prefixes from the ITU Operational Bulletin.
    private static let regions: [String: Region] = [
        "US": Region("1", trunk: "1", exit: "011", lengthWithTrunk: 11), "CA": Region("1", trunk: "1", exit: "011", lengthWithTrunk: 11),
        "CN": Region("86", trunk: "0"), "DE": Region("49", trunk: "0"), "JP": Region("81", trunk: "0", exit: "010"),
        "IN": Region("91", trunk: "0"), "GB": Region("44", trunk: "0"), "FR": Region("33", trunk: "0"), "IT": Region("39"),
        "BR": Region("55", trunk: "0"), "RU": Region("7", trunk: "8", exit: "810", lengthWithTrunk: 11),
        "KR": Region("82", trunk: "0", exit: "001"),
        "AU": Region("61", trunk: "0", exit: "0011"), "ES": Region("34"), "MX": Region("52"), "ID": Region("62", trunk: "0", exit: "001"),
        "NL": Region("31", trunk: "0"), "SA": Region("966", trunk: "0"), "TR": Region("90", trunk: "0"), "CH": Region("41", trunk: "0"),
        "PL": Region("48"), "TW": Region("886", trunk: "0", exit: "002"), "BE": Region("32", trunk: "0"), "SE": Region("46", trunk: "0"),
        "AR": Region("54", trunk: "0"), "NO": Region("47"), "AT": Region("43", trunk: "0"), "IE": Region("353", trunk: "0"),
        "IL": Region("972", trunk: "0"), "TH": Region("66", trunk: "0", exit: "001"), "AE": Region("971", trunk: "0"),
        "SG": Region("65", exit: "001"), "HK": Region("852", exit: "001"), "DK": Region("45"), "FI": Region("358", trunk: "0"),
        "PT": Region("351"), "CZ": Region("420"), "GR": Region("30"), "HU": Region("36", trunk: "06"), "RO": Region("40", trunk: "0"),
        "UA": Region("380", trunk: "0"), "ZA": Region("27", trunk: "0"), "EG": Region("20", trunk: "0"),
        "NG": Region("234", trunk: "0", exit: "009"),
        "MY": Region("60", trunk: "0"), "PH": Region("63", trunk: "0"), "VN": Region("84", trunk: "0"), "PK": Region("92", trunk: "0"),
        "BD": Region("880", trunk: "0"), "CL": Region("56"), "CO": Region("57"), "PE": Region("51", trunk: "0"),
        "NZ": Region("64", trunk: "0"),
        "IS": Region("354"), "LU": Region("352"), "SK": Region("421", trunk: "0"), "SI": Region("386", trunk: "0"),
        "HR": Region("385", trunk: "0"),
        "BG": Region("359", trunk: "0"), "RS": Region("381", trunk: "0"), "LT": Region("370", trunk: "0"), "LV": Region("371"),
        "EE": Region("372"),
        "MT": Region("356"), "CY": Region("357"), "LI": Region("423"), "KZ": Region("7", trunk: "8", exit: "810", lengthWithTrunk: 11),
        "QA": Region("974"), "KW": Region("965"), "MA": Region("212", trunk: "0"), "KE": Region("254", trunk: "0", exit: "000"),
    ]

    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", "-", ".", "/", "(", ")", "\t", "\u{A0}", "\u{2009}", "\u{202F}", "\u{2010}"..."\u{2014}": true
        default: false
        }
    }

    /// By the two letters of a region.
    private static let byLetters: [Region?] = {
        var all = [Region?](repeating: nil, count: 26 * 26)
        for (name, region) in regions { if let place = place(name) { all[place] = region } }
        return all
    }()

    private static func place(_ name: String) -> Int? {
        var bytes = name.utf8.makeIterator()
        guard name.utf8.count == 2, let first = bytes.next(), let second = bytes.next(), first.isLetter, second.isLetter else { return nil }
        return (Int(first & 0x1F) - 1) * 26 + Int(second & 0x1F) - 1
    }

    private static func region(_ name: String) -> Region? {
        if let place = place(name) { return byLetters[place] }
        return regions[name.uppercased()]
    }

    private static func e164(_ number: String, _ region: String) throws(CELError) -> String {
        // "+44 (0)20 ..." writes the trunk prefix for readers at home.
        let isBracketed = number.utf8.contains(UInt8(ascii: "("))
        let text = (isBracketed ? try StringSearch.replace(number, "(0)", "", limit: 1) : number).trimmed
        let isInternational = text.utf8.first == UInt8(ascii: "+")
        var digits = Digits()
        guard digits.read(text, skipping: isInternational ? 1 : 0, isSeparator) else { throw refused(number) }
        let code = isInternational ? "" : try code(&digits, region, number)
        // ITU-T E.164: at most 15 digits, and no country's code begins with 0.
        let count = code.utf8.count + digits.count
        guard count >= 4, count <= 15, !code.isEmpty || !digits.hasPrefix("0") else { throw refused(number) }
        return String(capacity: 1 + count) { text in
            text.append(UInt8(ascii: "+"))
            text.append(code)
            digits.write(to: &text)
        }
    }

    private static func refused(_ number: String) -> CELError { CELError.invalid("\(Value.string(number).shown) is no phone number") }

    /// The calling code of the region, and the digits without what is dialled at home; no code when they begin with one themselves.
    private static func code(_ digits: inout Digits, _ name: String, _ number: String) throws(CELError) -> String {
        guard let known = region(name) else {
            if digits.drop("00") { return "" }
            let place = name.isEmpty ? "without a region" : "in the region \(Value.string(name).shown)"
            throw CELError.invalid("the calling code of \(Value.string(number).shown) is not known \(place)")
        }
        guard digits.count > 0 else { throw refused(number) }
        if digits.drop(known.exit) { return "" }
        if known.exit != "011", digits.drop("00") { return "" }
        if !known.trunk.isEmpty, (known.lengthWithTrunk ?? digits.count) == digits.count { _ = digits.drop(known.trunk) }
        return known.code
    }
}

/// The digits of a number, without an allocation. Those beyond the 32nd are only counted: no number has so many.
private struct Digits {
    private var stored = SIMD32<UInt8>()
    private var start = 0
    private var end = 0

    var count: Int { end - start }

    /// False when there is anything but digits and separators.
    mutating func read(_ text: String, skipping count: Int, _ isSeparator: (Unicode.Scalar) -> Bool) -> Bool {
        let isRead = text.utf8.withContiguousStorageIfAvailable { bytes -> Bool? in
            for byte in bytes.dropFirst(count) {
                if byte >= 0x80 { return nil }
                if byte.isDigit { append(byte) } else if !isSeparator(Unicode.Scalar(byte)) { return false }
            }
            return true
        }
        if let isRead, let isRead { return isRead }
        self = Digits()
        for scalar in text.unicodeScalars.dropFirst(count) {
            if ("0"..."9").contains(scalar) {
                append(UInt8(truncatingIfNeeded: scalar.value))
            } else if !isSeparator(scalar) {
                return false
            }
        }
        return true
    }

    private mutating func append(_ digit: UInt8) {
        if end < stored.scalarCount { stored[end] = digit }
        end += 1
    }

    func hasPrefix(_ text: String) -> Bool {
        var place = start
        for digit in text.utf8 {
            guard place < min(end, stored.scalarCount), stored[place] == digit else { return false }
            place += 1
        }
        return true
    }

    /// Takes off the text if the digits begin with it.
    mutating func drop(_ text: String) -> Bool {
        guard hasPrefix(text) else { return false }
        start += text.utf8.count
        return true
    }

    func write(to text: inout TextWriter) {
        for place in start..<max(start, min(end, stored.scalarCount)) { text.append(stored[place]) }
    }
}
