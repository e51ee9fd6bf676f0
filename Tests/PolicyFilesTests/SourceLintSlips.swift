import PolicyFiles

extension LintTests {
    static let sources = [
        Slip(
            .sharedAttribute,
            Company().service(
                "sources:",
                "sources:\n  payroll: { files: p.csv, type: incremental, key: \"row.ID\", map: { lastName: \"row.N\" } }"),
            """
            birthright.yaml:5:3: warning: 'payroll' may set 'lastName' as well, and comes first: it decides for everybody it has a row of [shared-attribute]
              hr:
              ^~
            """),
        Slip(
            .statusTwice,
            Company().service(
                "sources:", "sources:\n  students: { files: s.csv, key: \"row.ID\", map: { status: \"row.S\" } }"),
            """
            birthright.yaml:4:3: warning: 'hr' may set status as well, but 'students' comes first: it decides for everybody it has a row of, \
            and whom it calls terminated is terminated [status-twice]
              students: { files: s.csv, key: "row.ID", map: { status: "row.S" } }
              ^~~~~~~~
            """),
    ]
}
