#ifndef BIRTHRIGHT_CRE2_H
#define BIRTHRIGHT_CRE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cre2_regex cre2_regex;

/// Compiles a UTF-8 pattern. Never returns NULL for a pattern RE2 refuses: ask cre2_error.
cre2_regex *cre2_new(const char *pattern, size_t length);
void cre2_free(cre2_regex *regex);

/// The reason why the pattern was refused, or NULL when it compiled. Owned by the regex.
const char *cre2_error(const cre2_regex *regex);

/// Number of capturing groups, the whole match not counted.
int32_t cre2_groups(const cre2_regex *regex);

/// How long the compiled program is, in instructions.
int32_t cre2_program_size(const cre2_regex *regex);

/// Searches text from `start`. Fills `count` pairs (begin, end) in bytes; a group that took no part is (-1, -1).
bool cre2_match(const cre2_regex *regex, const char *text, size_t length, size_t start, bool anchored,
                int64_t *spans, int32_t count);

#ifdef __cplusplus
}
#endif

#endif
