/// Active Directory and Samba's domain controller. Written from their documentation and answers seen; not yet run by the contract suite.
enum ActiveDirectory {
    static let controlAttribute = "userAccountControl"
    /// MS-ADTS section 2.2.16: ADS_UF_ACCOUNT_DISABLE.
    private static let disabledBit = 2
    /// ADS_UF_NORMAL_ACCOUNT, for an entry that shows no value.
    private static let normalAccount = 512

    /// A duplicate userPrincipalName or servicePrincipalName (0x21C8, 0x21C7); a duplicate sAMAccountName answers 68.
    static func saysNotUnique(_ text: String) -> Bool {
        text.contains("000021c8") || text.contains("000021c7") || text.contains("not unique") || text.contains("already in use")
    }

    static func switching(enabled: Bool, values: [String]) -> [Modification] {
        let now = values.first.flatMap { Int($0) } ?? normalAccount
        let wanted = enabled ? now & ~disabledBit : now | disabledBit
        return wanted == now && !values.isEmpty ? [] : [Modification(kind: .replace, name: controlAttribute, values: [String(wanted)])]
    }

    static let unlocking = [Modification(kind: .replace, name: "lockoutTime", values: ["0"])]

    /// MS-DTYP section 2.3.4: the first three fields of a GUID are little-endian.
    private static let byteOrder = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]

    /// `6f9619ff-8b86-d011-b42d-00c04fc964ff`; nil unless there are 16 bytes.
    static func identifierText(_ bytes: [UInt8]) -> String? {
        guard bytes.count == 16 else { return nil }
        let digits = byteOrder.map { hex(bytes[$0]) }
        return [digits[0..<4], digits[4..<6], digits[6..<8], digits[8..<10], digits[10..<16]].map { $0.joined() }.joined(separator: "-")
    }

    /// `\ff\19\96\6f...`: the bytes as a filter wants them; nil for a text that is no GUID.
    static func identifierFilter(_ text: String) -> String? {
        let digits = Array(text.filter { $0 != "-" })
        guard digits.count == 32, digits.allSatisfy(\.isHexDigit) else { return nil }
        let bytes = stride(from: 0, to: 32, by: 2).map { "\\" + String(digits[$0..<$0 + 2]).lowercased() }
        return byteOrder.map { bytes[$0] }.joined()
    }

    private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
