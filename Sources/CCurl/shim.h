// libcurl for Swift: its header, and inline functions for what Swift cannot import from it (variadic setters and getters, typed macros). No logic. Names
// begin with `ccurl_`; everything else is libcurl's own and documented in libcurl(3).

#ifndef BIRTHRIGHT_CCURL_SHIM_H
#define BIRTHRIGHT_CCURL_SHIM_H

#include <curl/curl.h>

// MARK: Options of a transfer

static inline CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) { return curl_easy_setopt(handle, option, value); }
static inline CURLcode ccurl_set_size(CURL *handle, CURLoption option, curl_off_t value) { return curl_easy_setopt(handle, option, value); }
/// The text is copied, but for CURLOPT_POSTFIELDS, which must outlive the transfer.
static inline CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value) { return curl_easy_setopt(handle, option, value); }
static inline CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value) { return curl_easy_setopt(handle, option, value); }
static inline CURLcode ccurl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) { return curl_easy_setopt(handle, option, value); }
/// Copies `length` bytes (CURLOPT_COPYPOSTFIELDS).
static inline CURLcode ccurl_set_body(CURL *handle, const void *bytes, curl_off_t length) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, length);
    return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, bytes);
}

/// CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION.
typedef size_t (*ccurl_receive)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode ccurl_set_receive(CURL *handle, CURLoption option, ccurl_receive function) { return curl_easy_setopt(handle, option, function); }

/// CURLOPT_PREREQFUNCTION: called when a connection is there and before a request is sent on it.
typedef int (*ccurl_before)(void *context, char *, char *, int, int);
static inline CURLcode ccurl_set_before(CURL *handle, ccurl_before function) { return curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, function); }

static inline CURLcode ccurl_get_long(CURL *handle, CURLINFO what, long *value) { return curl_easy_getinfo(handle, what, value); }
static inline CURLcode ccurl_get_pointer(CURL *handle, CURLINFO what, char **value) { return curl_easy_getinfo(handle, what, value); }

// MARK: Options of a multi handle

static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) { return curl_multi_setopt(multi, option, value); }

/// What a message says when it is CURLMSG_DONE (a union, which Swift shows as one).
static inline CURLcode ccurl_result(const CURLMsg *message) { return message->data.result; }

#endif
