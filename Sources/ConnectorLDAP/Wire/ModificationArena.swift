internal import COpenLDAP

/// Memory for the LDAPMod arrays of one request, used again for the next: libldap copies out of it while it encodes. One block instead of an
/// allocation for each value.
///
/// Layout: LDAPMod pointers | LDAPMods | berval pointers | bervals | text.
final class ModificationArena {
    private var memory: UnsafeMutableRawPointer
    private var capacity: Int

    init() {
        capacity = 16_384
        memory = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { memory.deallocate() }

    /// Calls `body` with a NULL-terminated array that is valid for the call only.
    func withModifications<Result>(
        _ changes: [Modification], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<LDAPMod>?>) -> Result
    ) -> Result {
        var valueCount = 0
        var textSize = 0
        for change in changes {
            valueCount += change.values.count
            textSize += change.name.utf8.count + 1
            for value in change.values { textSize += value.utf8.count }
        }
        let pointer = MemoryLayout<UnsafeRawPointer>.stride
        let modsStart = (changes.count + 1) * pointer
        let listsStart = modsStart + changes.count * MemoryLayout<LDAPMod>.stride
        let valuesStart = listsStart + (valueCount + changes.count) * pointer
        let textStart = valuesStart + valueCount * MemoryLayout<berval>.stride
        reserve(textStart + textSize)

        let list = memory.bindMemory(to: UnsafeMutablePointer<LDAPMod>?.self, capacity: changes.count + 1)
        var mod = (memory + modsStart).bindMemory(to: LDAPMod.self, capacity: changes.count)
        var valueList = (memory + listsStart).bindMemory(to: UnsafeMutablePointer<berval>?.self, capacity: valueCount + changes.count)
        var value = (memory + valuesStart).bindMemory(to: berval.self, capacity: valueCount)
        var text = (memory + textStart).bindMemory(to: CChar.self, capacity: textSize)
        for (index, change) in changes.enumerated() {
            list[index] = mod
            let name = text
            text = copy(change.name, to: text)
            text.pointee = 0
            text += 1
            let values = change.values.isEmpty ? nil : valueList
            for content in change.values {
                let start = text
                text = copy(content, to: text)
                value.initialize(to: berval(bv_len: ber_len_t(text - start), bv_val: start))
                valueList.initialize(to: value)
                value += 1
                valueList += 1
            }
            valueList.initialize(to: nil)
            valueList += 1
            mod.initialize(to: LDAPMod(mod_op: code(change.kind), mod_type: name, mod_vals: mod_vals_u(modv_bvals: values)))
            mod += 1
        }
        list[changes.count] = nil
        return body(list)
    }

    private func reserve(_ size: Int) {
        guard size > capacity else { return }
        memory.deallocate()
        capacity = max(size, capacity * 2)
        memory = .allocate(byteCount: capacity, alignment: 16)
    }

    private func copy(_ text: String, to target: UnsafeMutablePointer<CChar>) -> UnsafeMutablePointer<CChar> {
        var text = text
        return text.withUTF8 { bytes in
            if let start = bytes.baseAddress { UnsafeMutableRawPointer(target).copyMemory(from: start, byteCount: bytes.count) }
            return target + bytes.count
        }
    }

    private func code(_ kind: Modification.Kind) -> Int32 {
        switch kind {
        case .add: LDAP_MOD_ADD | LDAP_MOD_BVALUES
        case .delete: LDAP_MOD_DELETE | LDAP_MOD_BVALUES
        case .replace: LDAP_MOD_REPLACE | LDAP_MOD_BVALUES
        }
    }
}
