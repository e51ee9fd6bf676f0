// swift-tools-version: 6.2
import PackageDescription

var settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

// Mistakes that tests let the product make (`make planted`); nothing that ships is built so.
if Context.environment["BIRTHRIGHT_PLANTED"] != nil { settings.append(.define("PLANTED_BUGS")) }

// Folder = target = module. Who may import whom stands in ARCHITECTURE.md, and a test reads it there.
let modules: [Target] = [
    .target(name: "IdentityModel"),
    .target(name: "Contracts", dependencies: ["IdentityModel"]),
    .target(name: "CSV"),
    .target(name: "CEL", dependencies: ["LinearRegex"]),
    .target(name: "LinearRegex", dependencies: ["CRE2"]),
    .target(name: "Hashing", dependencies: ["CCrypto"]),
    .target(name: "Planning", dependencies: ["CEL", "Hashing", "IdentityModel"]),
    .target(
        name: "PolicyFiles", dependencies: ["Planning", "CEL", "CSV", "IdentityModel", .product(name: "Yams", package: "Yams")]),
    .target(
        name: "Provisioning", dependencies: ["Planning", "Contracts", "IdentityModel", .product(name: "Logging", package: "swift-log")]),
    .target(name: "Pages", dependencies: ["Provisioning", "PolicyFiles", "Planning", "CEL", "Contracts", "IdentityModel"]),
    .target(name: "SourceCSV", dependencies: ["CSV", "Contracts", "IdentityModel"]),
    .target(name: "ConnectorLDAP", dependencies: ["COpenLDAP", "Contracts", "IdentityModel"]),
    .target(name: "ConnectorLDIF", dependencies: ["Contracts", "IdentityModel"]),
    .target(name: "ConnectorREST", dependencies: ["CEL", "Contracts", "HTTPTransport", "IdentityModel"]),
    .target(name: "HTTPTransport", dependencies: ["CCurl"]),
    .target(name: "StoreSQL", dependencies: ["Contracts", "IdentityModel", .product(name: "GRDB", package: "GRDB.swift")]),
    .target(name: "SinkFile", dependencies: ["Contracts", "IdentityModel"]),
    .target(name: "ContractTesting", dependencies: ["Contracts", "IdentityModel"]),
    .executableTarget(
        name: "birthright",
        dependencies: [
            "CEL", "ConnectorLDAP", "ConnectorLDIF", "ConnectorREST", "Contracts", "CSV", "IdentityModel", "Pages", "Planning",
            "PolicyFiles", "Provisioning", "SinkFile", "SourceCSV", "StoreSQL",
            .product(name: "ArgumentParser", package: "swift-argument-parser"), .product(name: "Logging", package: "swift-log"),
        ]),
]

let libraries: [Target] = [
    .systemLibrary(name: "COpenLDAP", pkgConfig: "ldap", providers: [.apt(["libldap2-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
]

// Programs that measure and try, and what they share with the tests. None of them is part of the product.
var probes: [Target] = [
    .executableTarget(
        name: "EvaluationBench", dependencies: ["Kinds", "CEL", "CSV", "IdentityModel", "Planning", "PolicyFiles"],
        path: "Tests/Benchmarks/EvaluationBench"),
    .target(
        name: "Kinds",
        dependencies: [
            "ConnectorLDAP", "ConnectorLDIF", "ConnectorREST", "Contracts", "IdentityModel", "PolicyFiles", "SinkFile", "StoreSQL",
        ],
        path: "Tests/Kinds"),
    .target(name: "ChildProcesses", path: "Tests/ChildProcesses"),
    .target(name: "OddServers", path: "Tests/OddServers"),
    .target(
        name: "Histories", dependencies: ["CEL", "IdentityModel", "Planning"], path: "Tests/Histories"),
    .executableTarget(
        name: "Torture",
        dependencies: [
            "CSV", "ChildProcesses", "Contracts", "Histories", "Kinds", "IdentityModel", "Planning", "PolicyFiles", "Provisioning",
            "StoreSQL",
            .product(name: "Logging", package: "swift-log"),
        ], path: "Tests/Torture", exclude: ["Found"]),
    .target(
        name: "FuzzLaws", dependencies: ["Kinds", "CEL", "CSV", "IdentityModel", "Planning", "PolicyFiles"], path: "Tests/Fuzzers/FuzzLaws"),
]
// libFuzzer brings `main`, so the fuzzer can only be linked by `swift build --sanitize fuzzer`: `make torture` sets the variable.
if Context.environment["BIRTHRIGHT_FUZZER"] != nil {
    probes.append(.executableTarget(name: "Fuzzer", dependencies: ["FuzzLaws"], path: "Tests/Fuzzers/Fuzzer"))
}

let tests: [Target] = [
    .testTarget(name: "ArchitectureTests"),
    .testTarget(
        name: "BirthrightTests", dependencies: ["birthright", "Contracts", "IdentityModel", "Pages", "Planning", "Provisioning"]),
    .testTarget(name: "CELTests", dependencies: ["CEL", "LinearRegex"]),
    .testTarget(name: "CSVTests", dependencies: ["CSV"]),
    .testTarget(name: "ConformanceTests", dependencies: ["CEL", "CSV"]),
    .testTarget(
        name: "ConnectorLDAPTests", dependencies: ["ChildProcesses", "ConnectorLDAP", "ContractTesting", "Contracts", "IdentityModel"]),
    .testTarget(name: "ConnectorLDIFTests", dependencies: ["ConnectorLDIF", "ContractTesting", "Contracts", "IdentityModel"]),
    .testTarget(
        name: "ConnectorRESTTests",
        dependencies: [
            "CEL", "ChildProcesses", "ConnectorREST", "ContractTesting", "Contracts", "HTTPTransport", "IdentityModel", "Kinds",
            "OddServers",
            "Planning", "PolicyFiles", "Provisioning", "SourceCSV", "StoreSQL", .product(name: "Logging", package: "swift-log"),
        ]),
    .testTarget(
        name: "CrashTests", dependencies: ["ChildProcesses", "birthright", "Contracts", "IdentityModel", "StoreSQL"],
        exclude: ["Configuration"]),
    .testTarget(name: "FuzzLawsTests", dependencies: ["FuzzLaws"]),
    .testTarget(
        name: "HistoriesTests", dependencies: ["Kinds", "CEL", "Histories", "IdentityModel", "Planning", "PolicyFiles"]),
    .testTarget(name: "HashingTests", dependencies: ["Hashing"]),
    .testTarget(name: "HTTPTransportTests", dependencies: ["ChildProcesses", "HTTPTransport", "OddServers"]),
    .testTarget(name: "IdentityModelTests", dependencies: ["IdentityModel"], exclude: ["Golden"]),
    .testTarget(name: "PlanningTests", dependencies: ["CEL", "ChildProcesses", "Kinds", "IdentityModel", "Planning", "PolicyFiles"]),
    .testTarget(
        name: "PolicyFilesTests",
        dependencies: ["CEL", "IdentityModel", "Kinds", "Planning", "PolicyFiles", .product(name: "Yams", package: "Yams")],
        exclude: ["Gallery"]),
    .testTarget(
        name: "ProvisioningTests",
        dependencies: [
            "Contracts", "IdentityModel", "Kinds", "Pages", "Planning", "PolicyFiles", "Provisioning", "SourceCSV", "StoreSQL",
            .product(name: "Logging", package: "swift-log"),
        ], exclude: ["OlderStore"]),
    .testTarget(name: "SinkFileTests", dependencies: ["Contracts", "IdentityModel", "SinkFile"]),
    .testTarget(name: "SourceCSVTests", dependencies: ["Contracts", "IdentityModel", "SourceCSV"]),
    .testTarget(name: "StoreSQLTests", dependencies: ["ChildProcesses", "ContractTesting", "Contracts", "IdentityModel", "StoreSQL"]),
    .testTarget(name: "StoryTests", dependencies: ["ChildProcesses", "birthright"], exclude: ["Common", "Stories"]),
]

for target in modules + probes + tests { target.swiftSettings = settings }
// What is optimised is what ships, and what plays histories; optimising tests costs a fifth of the build and gains nothing.
for target in tests + modules.filter({ $0.name == "ContractTesting" }) {
    target.swiftSettings?.append(.unsafeFlags(["-Onone"], .when(configuration: .release)))
}

let package = Package(
    name: "birthright",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: modules + libraries + probes + tests
)
