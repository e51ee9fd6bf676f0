internal import CEL
internal import IdentityModel
internal import Planning

/// `<System>.tests.yaml`: people, and what the policy map beside the file has to make of them.
struct PolicyTestsFile {
    let file: ConfigurationFile
    let configuration: Configuration
    let map: PolicyMap
    private let people: TestPeople
    private let values: TestValues

    /// What a test without the key goes by.
    private struct Defaults {
        var person = TestPeople.Person()
        var roles: [RoleName]?
        var date: CivilDate?
    }

    init(_ file: ConfigurationFile, _ configuration: Configuration, _ map: PolicyMap) {
        self.file = file
        self.configuration = configuration
        self.map = map
        people = TestPeople(file: file, schema: configuration.schema)
        values = TestValues(file: file, map: map)
    }

    func read() -> [PolicyTest] {
        guard let root = YAMLReader.read(file), let section = Section(root, named: "", keys: PolicyTestShapes.root.names, in: file) else {
            return []
        }
        let known = section["people"].map(people.read) ?? [:]
        let defaults = section["defaults"].map { self.defaults($0, known) } ?? Defaults()
        guard let node = section.required("tests"), let entries = file.mapping(node, named: "'tests'") else { return [] }
        if entries.isEmpty { file.error("'tests' holds no test", at: node.point, length: 1) }
        return entries.compactMap { test($0, known, defaults) }
    }

    private func defaults(_ node: YAMLNode, _ known: [String: TestPeople.Person]) -> Defaults {
        var defaults = Defaults()
        guard let section = Section(node, named: "'defaults'", keys: PolicyTestShapes.defaults.names, in: file) else { return defaults }
        if let node = section["person"] { defaults.person = people.person(node, of: known) }
        defaults.roles = section["roles"].map(roles)
        defaults.date = section["date"].flatMap { file.date($0, "date") }
        return defaults
    }

    // MARK: One test

    private func test(_ entry: YAMLEntry, _ known: [String: TestPeople.Person], _ defaults: Defaults) -> PolicyTest? {
        guard let section = Section(entry.value, named: "test '\(entry.key)'", keys: PolicyTestShapes.test.names, in: file) else {
            return nil
        }
        let person = section["person"].map { people.person($0, of: known) } ?? defaults.person
        guard let date = date(section, entry, defaults) else { return nil }
        let situation = situation(section, person, roles: defaults.roles, date: date)
        let expected = section.required("expect").flatMap { ExpectationReader(values: values, at: file.position(entry.keyPoint)).read($0) }
        guard let expected else { return nil }
        return PolicyTest(
            name: entry.key, position: file.position(entry.keyPoint), situation: situation,
            account: account(section, person, defaults, date), entry: section["entry"].map(values.entry) ?? .asKnown, expected: expected)
    }

    /// A test happens on a day: there is no clock that could give one.
    private func date(_ section: Section, _ entry: YAMLEntry, _ defaults: Defaults) -> CivilDate? {
        if let node = section["date"] { return file.date(node, "date") }
        if let date = defaults.date { return date }
        file.error(
            "test '\(entry.key)' happens on no day: give a 'date' here, or for all tests under 'defaults'", at: entry.keyPoint,
            length: entry.keyLength)
        return nil
    }

    private func situation(_ section: Section, _ person: TestPeople.Person, roles: [RoleName]?, date: CivilDate) -> PolicyTest.Situation {
        let given = section["given"].map { people.changed(person, by: $0, named: "'given'") } ?? person
        return PolicyTest.Situation(
            attributes: given.attributes, status: given.status, roles: section["roles"].map(self.roles) ?? roles, date: date,
            taken: section["taken"].map(values.taken) ?? [])
    }

    private func roles(_ node: YAMLNode) -> [RoleName] {
        let known = configuration.roles.map(\.name.text)
        return (file.texts(node, "roles") ?? []).map { value in
            if !known.contains(value.text) {
                file.error(
                    "unknown role '\(value.text)'", at: value.point, length: value.length, suggestion: nearest(value.text, in: known))
            }
            return RoleName(value.text)
        }
    }

    /// `before` says how the person was when their account was made; `account` what has become of it since.
    private func account(
        _ section: Section, _ person: TestPeople.Person, _ defaults: Defaults, _ date: CivilDate
    ) -> PolicyTest.KnownAccount? {
        guard section["before"] != nil || section["account"] != nil else { return nil }
        var before = PolicyTest.Situation(
            attributes: person.attributes, status: person.status, roles: defaults.roles, date: date, taken: [])
        if let node = section["before"], let part = Section(node, named: "'before'", keys: PolicyTestShapes.situation.names, in: file) {
            let day = part["date"].flatMap { file.date($0, "date") } ?? date
            before = situation(part, person, roles: defaults.roles, date: day)
        }
        return values.account(section["account"], before: before)
    }
}
