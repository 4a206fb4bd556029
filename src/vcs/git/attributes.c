// SPDX-License-Identifier: Apache-2.0
/*
 * Computes the attributes of paths from .gitattributes files and their macros, by git's rules
 * (attr.c). libgit2's own functions cost several times as much as the whole archive, and have no
 * limit for hostile patterns.
 */
#include "attributes.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "attributes_line.h"
#include "pattern.h"

/* Limits for one commit. A file that occurs in many directories is stored and counted once. */
#define BYTES_MAX  (16 << 20)             /* of .gitattributes files */
#define WEIGHT_MAX 200000                 /* rules, macros and what they set */
#define NAMES_MAX  1000                   /* macros; their nesting has no other limit */
#define RULES_MAX  50000                  /* on the way down to one directory */
#define STEPS_MAX  ((apr_int64_t)1 << 32) /* for comparing patterns: 10 to 20 seconds */
#define PATH_STEPS ((apr_int64_t)1 << 28) /* the same for one path */

typedef struct state_t {
    int attribute;
    const char *value;
} state_t;

typedef struct rule_t {
    const char *pattern;
    size_t literal; /* length of the prefix without special characters */
    bool by_path;   /* compared with the path below the directory, else with the name only */
    bool folders;   /* for directories only */
    bool ending;    /* "*.c": only the end of a name is compared */
    int n;
    state_t *states;
} rule_t;

typedef struct frame_t {
    const apr_array_header_t *rules; /* of rule_t */
    size_t base;
} frame_t;

struct rc_git_attributes_t {
    apr_pool_t *pool;
    apr_hash_t *files, *roots; /* id -> rules; roots: of the top-level file */
    apr_hash_t *numbers;       /* name -> number + 1, of relevant attributes and macros */
    apr_array_header_t *names; /* of rule_t without pattern: the states that a macro sets */
    apr_array_header_t *stack; /* of frame_t */
    const char **values;       /* by number, while a path is looked up; NULL = not known yet */
    int unknown;               /* values still to be found */
    int rules;                 /* in the stack */
    apr_int64_t bytes, weight;
    apr_int64_t steps, path_steps; /* left */
};

const char rc_git_set[] = "set", rc_git_unset[] = "unset", rc_git_unspecified[] = "unspecified";

static rc_err_t *too_many(const rc_git_attributes_t *attributes)
{
    return rc_err(attributes->pool, RC_E_LIMIT,
                  "This archive has too many rules in .gitattributes");
}

/* --- names --- */

static int number_of(const rc_git_attributes_t *attributes, const char *name, size_t len)
{
    return (int)(apr_uintptr_t)apr_hash_get(attributes->numbers, name, (apr_ssize_t)len) - 1;
}

static int add_name(rc_git_attributes_t *attributes, const char *name, size_t len)
{
    rule_t macro = {.n = 0};
    int number = number_of(attributes, name, len);

    if (number >= 0)
        return number;
    APR_ARRAY_PUSH(attributes->names, rule_t) = macro;
    number = attributes->names->nelts;
    apr_hash_set(attributes->numbers, apr_pstrmemdup(attributes->pool, name, len), (apr_ssize_t)len,
                 (void *)(apr_uintptr_t)number);
    return number - 1;
}

/* --- lines --- */

/* Stores the states of a line that are relevant here. */
static void read_states(rc_git_attributes_t *attributes, rule_t *rule, const rc_git_line_t *line)
{
    state_t states[RC_GIT_LINE_MAX / 2];
    const char *p = line->states;
    rc_git_word_t word;

    rule->n = 0;
    while (rc_git_line_word(&word, &p)) {
        state_t *state = &states[rule->n];

        state->attribute = number_of(attributes, word.name, word.len);
        if (state->attribute < 0)
            continue;
        state->value = word.mark == '-'   ? rc_git_unset
                       : word.mark == '!' ? rc_git_unspecified
                       : word.value ? apr_pstrmemdup(attributes->pool, word.value, word.value_len)
                                    : rc_git_set;
        rule->n++;
    }
    rule->states = apr_pmemdup(attributes->pool, states, (size_t)rule->n * sizeof(*states));
    attributes->weight += rule->n + 1;
}

static void read_pattern(rule_t *rule, const rc_git_line_t *line, apr_pool_t *pool)
{
    char *pattern = apr_pstrmemdup(pool, line->pattern, line->len);
    size_t len = strlen(pattern);

    if (len && pattern[len - 1] == '/') {
        rule->folders = true;
        pattern[--len] = '\0';
    }
    rule->by_path = strchr(pattern, '/') != NULL;
    rule->pattern = pattern + (rule->by_path && *pattern == '/');
    rule->literal = rc_git_pattern_literal(rule->pattern);
    rule->ending = !rule->by_path && *rule->pattern == '*' &&
                   !rule->pattern[1 + rc_git_pattern_literal(rule->pattern + 1)];
}

static void add_line(rc_git_attributes_t *attributes, apr_array_header_t *rules,
                     const rc_git_line_t *line)
{
    rule_t rule = {.n = 0};

    read_states(attributes, &rule, line);
    if (line->is_macro) {
        int number = add_name(attributes, line->pattern, line->len);

        APR_ARRAY_IDX(attributes->names, number, rule_t) = rule;
    } else if (rule.n && *line->pattern != '!') {
        read_pattern(&rule, line, attributes->pool);
        APR_ARRAY_PUSH(rules, rule_t) = rule;
    }
}

/* --- files --- */

/* Only the top-level file may define macros; its rules may use them before their definition. */
static rc_err_t *add_macros(rc_git_attributes_t *attributes, rc_git_line_t *line, const char *data,
                            const char *end)
{
    while (rc_git_line_next(line, &data, end))
        if (line->is_macro) {
            add_name(attributes, line->pattern, line->len);
            if (attributes->names->nelts > NAMES_MAX)
                return too_many(attributes);
        }
    return NULL;
}

static rc_err_t *read_rules(apr_array_header_t *rules, rc_git_attributes_t *attributes,
                            const char *data, size_t len, bool is_root)
{
    const char *end = data + len;
    rc_git_line_t line;

    if ((attributes->bytes += (apr_int64_t)len) > BYTES_MAX)
        return too_many(attributes);
    if (is_root)
        RC_TRY(add_macros(attributes, &line, data, end));
    while (rc_git_line_next(&line, &data, end)) {
        if (is_root || !line.is_macro)
            add_line(attributes, rules, &line);
        if (attributes->weight > WEIGHT_MAX)
            return too_many(attributes);
    }
    return NULL;
}

static rc_err_t *push_frame(rc_git_attributes_t *attributes, const apr_array_header_t *rules,
                            size_t base)
{
    frame_t frame = {rules, base};

    APR_ARRAY_PUSH(attributes->stack, frame_t) = frame;
    attributes->rules += rules->nelts;
    return attributes->rules > RULES_MAX ? too_many(attributes) : NULL;
}

/* The top-level file is stored apart from an identical one in a directory, which defines
 * no macros. */
static apr_array_header_t *find_file(rc_git_attributes_t *attributes, const git_oid *id,
                                     size_t base)
{
    return apr_hash_get(base ? attributes->files : attributes->roots, id->id, GIT_OID_RAWSZ);
}

rc_err_t *rc_git_attributes_enter(bool *known, rc_git_attributes_t *attributes, const git_oid *id,
                                  size_t base)
{
    const apr_array_header_t *rules = find_file(attributes, id, base);

    *known = rules != NULL;
    return rules ? push_frame(attributes, rules, base) : NULL;
}

rc_err_t *rc_git_attributes_add(rc_git_attributes_t *attributes, const git_oid *id,
                                const char *data, size_t len, size_t base)
{
    apr_array_header_t *rules = find_file(attributes, id, base);

    if (!rules) {
        rules = apr_array_make(attributes->pool, 8, sizeof(rule_t));
        apr_hash_set(base ? attributes->files : attributes->roots,
                     apr_pmemdup(attributes->pool, id->id, GIT_OID_RAWSZ), GIT_OID_RAWSZ, rules);
        RC_TRY(read_rules(rules, attributes, data, len, !base));
    }
    return push_frame(attributes, rules, base);
}

int rc_git_attributes_depth(const rc_git_attributes_t *attributes)
{
    return attributes->stack->nelts;
}

void rc_git_attributes_leave(rc_git_attributes_t *attributes, int depth)
{
    while (attributes->stack->nelts > depth) {
        const frame_t *frame = apr_array_pop(attributes->stack);

        attributes->rules -= frame->rules->nelts;
    }
}

rc_git_attributes_t *rc_git_attributes_create(apr_pool_t *pool)
{
    static const char *const names[RC_GIT_ATTRIBUTES] = {
        "export-ignore", "text", "crlf", "eol", "ident", "working-tree-encoding"};
    rc_git_attributes_t *attributes = apr_pcalloc(pool, sizeof(*attributes));
    const char *builtin = "[attr]binary -diff -merge -text";
    rc_git_line_t line;
    int i;

    attributes->pool = pool;
    attributes->files = apr_hash_make(pool);
    attributes->roots = apr_hash_make(pool);
    attributes->numbers = apr_hash_make(pool);
    attributes->names = apr_array_make(pool, 16, sizeof(rule_t));
    attributes->stack = apr_array_make(pool, 16, sizeof(frame_t));
    attributes->values = apr_palloc(pool, (NAMES_MAX + 1) * sizeof(*attributes->values));
    attributes->steps = STEPS_MAX;
    for (i = 0; i < RC_GIT_ATTRIBUTES; i++)
        add_name(attributes, names[i], strlen(names[i]));
    if (rc_git_line_next(&line, &builtin, builtin + strlen(builtin)))
        add_line(attributes, NULL, &line);
    return attributes;
}

/* --- a path --- */

/* Walks a line's states from the last one, because a value that was found first wins. */
static void set_states(rc_git_attributes_t *attributes, const rule_t *rule)
{
    int i;

    for (i = rule->n - 1; i >= 0 && attributes->unknown; i--) {
        const state_t *state = &rule->states[i];

        if (attributes->values[state->attribute])
            continue;
        attributes->values[state->attribute] = state->value;
        attributes->unknown -= state->attribute < RC_GIT_ATTRIBUTES;
        if (state->value == rc_git_set) /* a macro is expanded where it is set */
            set_states(attributes, &APR_ARRAY_IDX(attributes->names, state->attribute, rule_t));
    }
}

static bool ends_in(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && !memcmp(text + len - end_len, end, end_len);
}

static bool matches(const rule_t *rule, const char *text, apr_int64_t *steps)
{
    --*steps;
    if (rule->ending)
        return ends_in(text, rule->pattern + 1);
    return !strncmp(rule->pattern, text, rule->literal) &&
           rc_git_pattern_match(rule->pattern + rule->literal, text + rule->literal, steps);
}

static void apply_frame(rc_git_attributes_t *attributes, const frame_t *frame, const char *path,
                        const char *name, bool is_folder)
{
    int i;

    for (i = frame->rules->nelts - 1; i >= 0 && attributes->unknown && attributes->path_steps >= 0;
         i--) {
        const rule_t *rule = &APR_ARRAY_IDX(frame->rules, i, rule_t);

        if ((!rule->folders || is_folder) &&
            matches(rule, rule->by_path ? path + frame->base : name, &attributes->path_steps))
            set_states(attributes, rule);
    }
}

rc_err_t *rc_git_attributes_of(const char *const **values, rc_git_attributes_t *attributes,
                               const char *path, const char *name, bool is_folder)
{
    int i;

    memset(attributes->values, 0, (size_t)attributes->names->nelts * sizeof(*attributes->values));
    attributes->unknown = RC_GIT_ATTRIBUTES;
    attributes->path_steps = PATH_STEPS;
    for (i = attributes->stack->nelts - 1; i >= 0 && attributes->unknown; i--)
        apply_frame(attributes, &APR_ARRAY_IDX(attributes->stack, i, frame_t), path, name,
                    is_folder);
    for (i = 0; i < RC_GIT_ATTRIBUTES; i++)
        if (!attributes->values[i])
            attributes->values[i] = rc_git_unspecified;
    *values = attributes->values;
    attributes->steps -= PATH_STEPS - attributes->path_steps;
    return attributes->steps < 0 || attributes->path_steps < 0 ? too_many(attributes) : NULL;
}
