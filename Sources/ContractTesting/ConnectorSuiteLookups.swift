internal import Contracts
internal import IdentityModel
internal import Testing

extension ConnectorSuite {
    static let lookups: [Check] = [
        Check("no, one and several are three answers, in the order asked") { scene in
            let text = scene.vocabulary.text
            let shared = scene.label("shared")
            let ids = try await scene.given("a", "b", more: [scene.set(text, shared)])
            let lookups = try await scene.connector.find([
                .correlation([scene.vocabulary.correlation: scene.label("nobody")]),
                .correlation([scene.vocabulary.correlation: scene.label("b")]),
                .correlation([text: shared]), .id(ids[0]), .correlation([text: shared, scene.vocabulary.correlation: scene.label("a")]),
                .correlation([scene.vocabulary.correlation: ""]), .correlation([:]),
            ])
            #expect(lookups.map(foundID) == [nil, ids[1], nil, ids[0], ids[0], nil, nil])
            #expect(lookups[0] == .absent)
            #expect(lookups[2] == .ambiguous([scene.name("a"), scene.name("b")].sorted()))
            #expect(lookups.suffix(2) == [.absent, .absent])
        },
        Check("values are compared without case, and their special characters mean nothing") { scene in
            let text = scene.vocabulary.text
            let values = ["Ünïcode \(scene.prefix)", "*(\(scene.prefix))\\", "#, +\"<>;=\(scene.prefix)", "\(scene.prefix)*"]
            let results = await scene.connector.execute(
                values.enumerated().map { scene.create("a\($0)", $0, more: [scene.set(text, $1)]) })
            #expect(results.compactMap(\.failure) == [])
            let lookups = try await scene.connector.find(values.map { .correlation([text: $0.uppercased()]) } + [.correlation([text: "*"])])
            #expect(lookups.map(foundID) == results.map(\.accountID) + [nil])
        },
        Check("thousands are asked at once") { scene in
            let operations = (1...300).map { scene.create("a\($0)", $0) }
            let results = await scene.connector.execute(operations)
            let queries = (1...2_000).map { AccountQuery.correlation([scene.vocabulary.correlation: scene.label("a\($0)")]) }
            let lookups = try await scene.connector.find(queries)
            #expect(lookups.prefix(300).map(foundID) == results.map(\.accountID))
            #expect(lookups.dropFirst(300).filter { $0 != .absent }.isEmpty)
        },
        Check("nothing asked is nothing answered") { scene in
            let lookups = try await scene.connector.find([])
            #expect(lookups == [])
            let results = await scene.connector.execute([])
            #expect(results == [])
        },
        Check("an id that nobody ever had is absent") { scene in
            let nobody = AccountID("00000000-0000-4000-8000-000000000000")
            let lookups = try await scene.connector.find([.id(nobody), .id(AccountID(""))])
            #expect(lookups == [.absent, .absent])
        },
    ]

    private static func foundID(_ lookup: Lookup) -> AccountID? {
        if case .found(let account) = lookup { account.id } else { nil }
    }

    static let abilities: [Check] = [
        Check("after being closed a connector connects again") { scene in
            let id = try await scene.given("a")[0]
            await scene.connector.close()
            #expect(try await scene.account(id)?.name == scene.name("a"))
        },
        Check("a system can be tested") { scene in
            let report = try await scene.connector.test()
            #expect(!report.facts.isEmpty)
        },
        Check("a name's holders are told, without case, and by container where that is asked") { scene in
            guard let connector = scene.connector as? any ProbesNames else { return }
            let text = scene.vocabulary.text
            let shared = scene.label("Shared Name")
            let ids = try await scene.given("a", "b", more: [scene.set(text, shared)])
            _ = try await scene.execute(scene.operation(.modify, 3, scene.name("b"), id: ids[1], to: scene.name("b", in: scene.there)))
            let holders = try await connector.holders(of: [
                NameProbe(attribute: text, value: shared.uppercased(), container: nil),
                NameProbe(attribute: text, value: scene.label("free"), container: nil),
                NameProbe(attribute: text, value: shared, container: scene.here),
                NameProbe(attribute: text, value: shared, container: scene.there.uppercased()),
                NameProbe(attribute: scene.vocabulary.correlation, value: scene.label("a"), container: scene.there),
            ])
            let held = ids.map(NameHolder.account)
            guard scene.vocabulary.hasPlaces else {
                return #expect(holders.map { Set($0) } == [Set(held), [], Set(held), Set(held), [held[0]]])
            }
            #expect(holders.map { Set($0) } == [Set(held), [], [held[0]], [held[1]], []])
        },
        Check("every account is listed once, with the attributes that were asked for") { scene in
            guard let connector = scene.connector as? any EnumeratesAccounts else { return }
            let results = await scene.connector.execute((1...1_100).map { scene.create("a\($0)", $0) })
            let listed = Collected<ActualAccount>()
            try await connector.enumerate(attributes: [scene.vocabulary.correlation]) { listed.append($0) }
            let ours = listed.elements.filter { $0.attributes[scene.vocabulary.correlation]?[0].hasPrefix(scene.prefix) == true }
            #expect(ours.map(\.id).sorted() == results.compactMap(\.accountID).sorted())
            #expect(Set(ours.flatMap(\.attributes.keys)) == [scene.vocabulary.correlation])
        },
    ]

    static let probes: [Check] = [
        Check("a name is asked for where it would stand, and is free where there is no such place") { scene in
            guard let connector = scene.connector as? any ProbesNames else { return }
            let id = try await scene.given("a")[0]
            let (text, nowhere) = (scene.vocabulary.text, "ou=Nowhere," + scene.here)
            func probe(_ name: AccountName) -> NameProbe {
                NameProbe(attribute: text, value: scene.label("nobody's value"), container: scene.here, accountName: name)
            }
            let holders = try await connector.holders(of: [
                probe(scene.name("a")), probe(AccountName(scene.name("a").text.uppercased())), probe(scene.name("free")),
                probe(scene.vocabulary.name("a", nowhere)), NameProbe(attribute: text, value: "x", container: nowhere),
            ])
            #expect(holders == [[.account(id)], [.account(id)], [], [], []])
        },
        Check("a system says what it is, the same to everybody who asks") { scene in
            let realm = try await scene.connector.realm()
            await scene.connector.close()
            #expect(try await scene.connector.realm() == realm)
            #expect(!realm.description.isEmpty)
        },
    ]
}
