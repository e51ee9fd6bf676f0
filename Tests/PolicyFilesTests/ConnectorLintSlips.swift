import PolicyFiles

extension LintTests {
    /// What is accepted, and waits for a version that does it.
    static let connectors = [
        Slip(
            .requestNeverSent, Company.rest.map("    addMembership:", "    delete:\n      delete: /people/{id}\n    addMembership:"),
            """
            PolicyMaps/directory.yaml:22:5: warning: the request 'delete' is never sent: onDelete is UPDATE [request-never-sent]
                delete:
                ^~~~~~
            """),
        Slip(
            .requestNeverSent, Company.rest.map("    addMembership:", "    rename:\n      put: /people/{id}\n    addMembership:"),
            """
            PolicyMaps/directory.yaml:22:5: warning: the request 'rename' is never sent: 'login' stays as it was made (enforce: onCreate) \
            [request-never-sent]
                rename:
                ^~~~~~
            """),
        Slip(
            .keyNotActedOn, Company().map("number: user.employeeId", "number: { value: 'user.employeeId', enforce: always }"),
            """
            PolicyMaps/directory.yaml:15:48: warning: 'enforce: always' acts like onChange so far: what is changed by hand stays until the value itself \
            changes [key-not-acted-on]
              number: { value: 'user.employeeId', enforce: always }
                                                           ^~~~~~
            """),
    ]
}
