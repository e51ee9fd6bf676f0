#include "cre2.h"

#include <re2/re2.h>

#include <vector>

struct cre2_regex {
    RE2 regex;
    cre2_regex(const re2::StringPiece &pattern, const RE2::Options &options) : regex(pattern, options) {}
};

extern "C" {

cre2_regex *cre2_new(const char *pattern, size_t length) {
    RE2::Options options;
    options.set_log_errors(false);
    // A policy's patterns are short; one that needs more than this is refused instead of eating memory.
    options.set_max_mem(2 << 20);
    return new cre2_regex(re2::StringPiece(pattern == nullptr ? "" : pattern, length), options);
}

void cre2_free(cre2_regex *regex) { delete regex; }

const char *cre2_error(const cre2_regex *regex) {
    return regex->regex.ok() ? nullptr : regex->regex.error().c_str();
}

int32_t cre2_groups(const cre2_regex *regex) { return regex->regex.NumberOfCapturingGroups(); }

int32_t cre2_program_size(const cre2_regex *regex) { return regex->regex.ProgramSize(); }

bool cre2_match(const cre2_regex *regex, const char *text, size_t length, size_t start, bool anchored,
                int64_t *spans, int32_t count) {
    std::vector<re2::StringPiece> groups(static_cast<size_t>(count));
    // An empty Swift buffer may have no address, and RE2 tells "no group" by one.
    const re2::StringPiece subject(text == nullptr ? "" : text, length);
    const auto anchor = anchored ? RE2::ANCHOR_BOTH : RE2::UNANCHORED;
    if (!regex->regex.Match(subject, start, length, anchor, groups.data(), count)) return false;
    for (int32_t i = 0; i < count; i++) {
        const auto &group = groups[static_cast<size_t>(i)];
        spans[2 * i] = group.data() == nullptr ? -1 : group.data() - subject.data();
        spans[2 * i + 1] = group.data() == nullptr ? -1 : group.data() - subject.data() + static_cast<int64_t>(group.size());
    }
    return true;
}
}
