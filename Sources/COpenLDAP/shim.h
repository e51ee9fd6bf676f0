// OpenLDAP's libldap for Swift: its header, and inline functions for what Swift cannot import from it (casts to pointers, concatenated string
// macros, variadic or `void *` options). No logic. Names begin with `cldap_`; everything else is libldap's own and documented in ldap(3).
//
// Results are libldap's codes: LDAP_SUCCESS (0), a server's code above it, or a negative one of the library itself (LDAP_SERVER_DOWN = -1 ...).

#ifndef BIRTHRIGHT_COPENLDAP_SHIM_H
#define BIRTHRIGHT_COPENLDAP_SHIM_H

// Before ldap.h: otherwise `struct timeval *` reaches Swift as an opaque pointer.
#include <sys/time.h>

#include <lber.h>
#include <ldap.h>
// For ldap_init_fd: a handle for a socket that is already connected.
#include <openldap.h>

// MARK: Options. `handle` NULL sets the process-wide default, which later handles copy.

/// For LDAP_OPT_REFERRALS, LDAP_OPT_RESTART, LDAP_OPT_CONNECT_ASYNC: their values are the pointers LDAP_OPT_ON and LDAP_OPT_OFF.
static inline int cldap_set_flag(LDAP *handle, int option, int on) {
    return ldap_set_option(handle, option, on ? LDAP_OPT_ON : LDAP_OPT_OFF);
}

/// For LDAP_OPT_PROTOCOL_VERSION, LDAP_OPT_SIZELIMIT, LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_PROTOCOL_MIN, LDAP_OPT_X_KEEPALIVE_IDLE ...
static inline int cldap_set_int(LDAP *handle, int option, int value) {
    return ldap_set_option(handle, option, &value);
}

/// For LDAP_OPT_X_TLS_CACERTFILE, LDAP_OPT_X_TLS_CERTFILE ...; the text is copied.
static inline int cldap_set_string(LDAP *handle, int option, const char *value) {
    return ldap_set_option(handle, option, value);
}

/// For LDAP_OPT_NETWORK_TIMEOUT (connecting) and LDAP_OPT_TIMEOUT (default of the synchronous calls). Negative: no limit.
static inline int cldap_set_timeout(LDAP *handle, int option, int milliseconds) {
    struct timeval limit = { milliseconds / 1000, (milliseconds % 1000) * 1000 };
    if (milliseconds < 0) { limit.tv_sec = -1; limit.tv_usec = 0; }
    return ldap_set_option(handle, option, &limit);
}

/// Makes the TLS options set so far count for this handle's connection. Must be the last TLS option: what is set after it has no effect.
static inline int cldap_apply_tls_options(LDAP *handle) {
    int forServer = 0;
    return ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &forServer);
}

/// The value of an int option such as LDAP_OPT_RESULT_CODE, or `otherwise` when it cannot be read.
static inline int cldap_get_int(LDAP *handle, int option, int otherwise) {
    int value = otherwise;
    return ldap_get_option(handle, option, &value) == LDAP_OPT_SUCCESS ? value : otherwise;
}

/// For LDAP_OPT_DIAGNOSTIC_MESSAGE, LDAP_OPT_MATCHED_DN, LDAP_OPT_X_TLS_VERSION, LDAP_OPT_X_TLS_CIPHER, LDAP_OPT_X_TLS_PACKAGE.
/// NULL when there is none; otherwise the caller's, to be given to ldap_memfree.
static inline char *cldap_copy_string(LDAP *handle, int option) {
    char *value = NULL;
    return ldap_get_option(handle, option, &value) == LDAP_OPT_SUCCESS ? value : NULL;
}

/// The connection's socket, to be polled; -1 before the first operation has connected it, and after it is lost.
static inline int cldap_descriptor(LDAP *handle) {
    int descriptor = -1;
    return ldap_get_option(handle, LDAP_OPT_DESC, &descriptor) == LDAP_OPT_SUCCESS ? descriptor : -1;
}

// MARK: Values of options that are cast or computed macros

static inline int cldap_tls_1_2(void) { return LDAP_OPT_X_TLS_PROTOCOL_TLS1_2; }
static inline int cldap_tls_1_3(void) { return LDAP_OPT_X_TLS_PROTOCOL_TLS1_3; }

// MARK: Operations

/// Sends a simple bind (RFC 4513 section 5.1) without waiting: the answer is LDAP_RES_BIND for `messageID`. It connects first, which blocks for up
/// to LDAP_OPT_NETWORK_TIMEOUT. A password of length 0 is an *unauthenticated* bind, which servers answer with success (section 5.1.2):
/// the caller has to refuse it.
static inline int cldap_simple_bind(LDAP *handle, const char *dn, const char *password, size_t length, int *messageID) {
    struct berval credentials = { (ber_len_t)length, (char *)password };
    return ldap_sasl_bind(handle, dn, LDAP_SASL_SIMPLE, &credentials, NULL, NULL, messageID);
}

/// ldap_result with its time limit in milliseconds: 0 polls, negative waits without limit.
/// Returns the type of the message (LDAP_RES_...), 0 when the time is over, -1 when the connection failed.
static inline int cldap_result(LDAP *handle, int messageID, int all, int milliseconds, LDAPMessage **message) {
    struct timeval limit = { milliseconds / 1000, (milliseconds % 1000) * 1000 };
    return ldap_result(handle, messageID, all, milliseconds < 0 ? NULL : &limit, message);
}

// MARK: Object identifiers that are concatenated macros

static inline const char *cldap_control_transaction(void) { return LDAP_CONTROL_TXN_SPEC; }   // RFC 5805 section 2.2
static inline const char *cldap_transaction_start(void) { return LDAP_EXOP_TXN_START; }       // RFC 5805 section 2.1
static inline const char *cldap_transaction_end(void) { return LDAP_EXOP_TXN_END; }           // RFC 5805 section 2.3
static inline const char *cldap_control_sync(void) { return LDAP_CONTROL_SYNC; }              // RFC 4533 section 2.2
static inline const char *cldap_control_sync_state(void) { return LDAP_CONTROL_SYNC_STATE; }  // RFC 4533 section 2.3
static inline const char *cldap_control_sync_done(void) { return LDAP_CONTROL_SYNC_DONE; }    // RFC 4533 section 2.4

#endif
