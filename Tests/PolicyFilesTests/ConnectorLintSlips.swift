import PolicyFiles

extension LintTests {
    /// What is accepted, and waits for a version that does it.
    static let connectors = [
        Slip(
            .noConnector, Company().map("type: ldap", "type: rest"),
            """
            PolicyMaps/directory.yaml:3:9: warning: the type 'rest' is accepted, but this version has no connector for it [no-connector]
              type: rest
                    ^~~~
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
