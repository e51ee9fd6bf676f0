internal import ConnectorLDAP
internal import ConnectorLDIF
internal import ConnectorREST
internal import Contracts
internal import IdentityModel
package import PolicyFiles
internal import SinkFile
internal import StoreSQL

/// The kinds of adapter that the executable knows, for tests that read configurations.
package enum Kinds {
    package static let all = AdapterShapes(
        connectors: [LDAPConnector.kind.shape, LDIFConnector.kind.shape, RESTConnector.kind.shape, SCIMConnector.kind.shape],
        stores: [SQLStore.sqlite.shape], sinks: [FileSink.kind.shape])
}
