import PolicyFiles

extension LintTests {
    static let connectors = [
        Slip(
            .noConnector, Company().map("type: ldap", "type: scim"),
            """
            PolicyMaps/directory.yaml:3:9: warning: the type 'scim' is accepted, but this version has no connector for it [no-connector]
              type: scim
                    ^~~~
            """)
    ]
}
