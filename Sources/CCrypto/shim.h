// libcrypto (OpenSSL 3) for Swift: the headers that Hashing needs. No logic. Everything is documented in EVP_DigestInit(3) and HMAC(3).

#ifndef BIRTHRIGHT_CCRYPTO_SHIM_H
#define BIRTHRIGHT_CCRYPTO_SHIM_H

#include <openssl/evp.h>
#include <openssl/hmac.h>

#endif
