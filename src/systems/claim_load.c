/*
 * A system's file: seeds, settings, what `full` changes in both, and the run to look at.
 *
 *     seeds: 8
 *     settings: {dimension: 1000}
 *     full: {seeds: 32, settings: {dimension: 4000}}
 *     lens: {model: {kind: linear}, ..}              a configuration as renorm run takes it
 */
#include <stdio.h>
#include <string.h>

#include "backends/yaml.h"
#include "core/memory.h"
#include "run/sections.h"
#include "systems/claim.h"

typedef struct top_settings {
    rn_index seeds;
    rn_index first_seed;
} top_settings;

static const rni_option top_options[] = {
    {.key = "seeds",
     RNI_FIELD(top_settings, seeds),
     .range = RNI_BETWEEN(1, 100000),
     .initial = "8",
     .help = "repetitions where the claim is about medians or means"},
    {.key = "first_seed",
     RNI_FIELD(top_settings, first_seed),
     .range = RNI_BETWEEN(0, 1e15),
     .initial = "1",
     .help = "seed of the first repetition; the others follow"},
};
static const rni_option_table top_table =
    RNI_TABLE("top", "keys of a system's file", top_options, top_settings);

const char *rn_claim_scale_name(rn_claim_scale scale)
{
    return scale == RN_CLAIM_FULL ? "full" : "quick";
}

/* ---- the document ---------------------------------------------------------------------------- */

static bool is_mapping(const rni_node *node)
{
    return node && node->type == RNI_NODE_MAPPING;
}

static rni_node *add_mapping(rni_document *to, rni_node *parent, const rni_node *like)
{
    rni_node *made = rni_document_add(to, parent, RNI_NODE_MAPPING, NULL, 0);
    if (!made) return NULL;
    made->place = like->place;
    made->key_place = like->key_place;
    made->key = rni_document_copy(to, like->key, (rn_index)strlen(like->key));
    return made->key ? made : NULL;
}

static bool merge(rni_document *to, rni_node *made, const rni_node *base, const rni_node *over,
                  const char *left_out);

/* A child of the base, or what stands in its place. Depth: that of a document. */
static bool merge_child(rni_document *to, rni_node *made, const rni_node *child,
                        const rni_node *other) /* NOLINT(misc-no-recursion) */
{
    if (!is_mapping(child) || !is_mapping(other))
        return rni_document_graft(to, made, other ? other : child) != NULL;
    rni_node *inside = add_mapping(to, made, child);
    return inside && merge(to, inside, child, other, NULL);
}

/* Copies the children of `base` to `made`, those of `over` in their place or behind them, down to
   single values; `left_out` is a key that stays behind. */
static bool merge(rni_document *to, rni_node *made, const rni_node *base, const rni_node *over,
                  const char *left_out) /* NOLINT(misc-no-recursion) */
{
    const rni_node *more = is_mapping(over) ? over->first : NULL;
    for (const rni_node *child = base->first; child; child = child->next) {
        if (left_out && strcmp(child->key, left_out) == 0) continue;
        if (!merge_child(to, made, child, more ? rni_node_find(over, child->key) : NULL))
            return false;
    }
    for (; more; more = more->next)
        if (!rni_node_find(base, more->key) && !rni_document_graft(to, made, more)) return false;
    return true;
}

/* The system's own file, or the one asked for. */
static rn_status read_file(const rn_claim *claim, const char *path, rni_document **out)
{
    const rni_system *system = claim->system;
    char name[128];
    if (path) return rni_yaml_read(path, out);
    (void)snprintf(name, sizeof name, "configs/systems/%s.yaml", system->about.name);
    return rni_yaml_parse(name, (const char *)system->file, (rn_index)*system->file_size, out);
}

typedef struct parts {
    rni_document *file;   /* as written */
    rni_document *merged; /* for the scale, without `full` */
    rni_document *claim;  /* of those, all but the lens */
    rni_document *lens;   /* NULL: none */
} parts;

static void clear_parts(parts *p)
{
    rni_document_destroy(p->file);
    rni_document_destroy(p->merged);
    rni_document_destroy(p->claim);
    rni_document_destroy(p->lens);
}

static bool split(parts *p, const rni_node *root, rn_claim_scale scale)
{
    const char *name = rni_document_name(p->file);
    p->merged = rni_document_create(name);
    p->claim = rni_document_create(name);
    rni_node *whole =
        p->merged ? rni_document_add(p->merged, NULL, RNI_NODE_MAPPING, NULL, 0) : NULL;
    rni_node *rest = p->claim ? rni_document_add(p->claim, NULL, RNI_NODE_MAPPING, NULL, 0) : NULL;
    const rni_node *over = scale == RN_CLAIM_FULL ? rni_node_find(root, "full") : NULL;
    if (!whole || !rest || !merge(p->merged, whole, root, over, "full")
        || !merge(p->claim, rest, whole, NULL, "lens"))
        return false;
    const rni_node *lens = rni_node_find(whole, "lens");
    if (!lens) return true;
    p->lens = rni_document_create(name);
    return p->lens && rni_document_graft(p->lens, NULL, lens);
}

/* ---- settings -------------------------------------------------------------------------------- */

/* "a: 1\nb: 2\n" under a key. */
static void add_indented(const char *key, const char *lines, rni_text *out)
{
    rni_text_add(out, "%s:\n", key);
    for (const char *line = lines; *line; line += strcspn(line, "\n") + 1)
        rni_text_add(out, "  %.*s\n", (int)strcspn(line, "\n"), line);
}

static void write_text(rn_claim *claim)
{
    rni_text *out = &claim->text;
    rni_text_add(out, "# renorm claims %s --scale %s --seeds %" PRId64 "%s\n",
                 claim->system->about.name, rn_claim_scale_name(claim->scale), claim->n_seeds,
                 claim->is_mutated ? " --mutate" : "");
    rni_settings_write(claim->settings, out);
    if (claim->lens) add_indented("lens", rn_config_text(claim->lens), out);
}

static rn_status apply(rn_claim *claim, const rn_claim_options *options, parts *p)
{
    RNI_TRY(rni_settings_create(&claim->schema, p->claim, options->overrides, options->n_overrides,
                                NULL, &claim->settings));
    if (p->lens)
        RNI_TRY(rni_config_create(p->lens, claim->system->about.name, 0, NULL, &claim->lens));
    const top_settings *top = rni_settings_get(claim->settings, "");
    claim->n_seeds = options->n_seeds > 0 ? options->n_seeds : top->seeds;
    claim->first_seed = top->first_seed;
    write_text(claim);
    return claim->text.is_broken ? rni_fail(RN_ERR_MEMORY, "rn_claim_execute: no memory") : RN_OK;
}

rn_status rni_claim_load(rn_claim *claim, const rn_claim_options *options)
{
    parts p = {0};
    claim->scale = options->scale;
    claim->is_mutated = options->is_mutated != 0;
    claim->sections[0] = (rni_section){.name = "", .help = top_table.help, .table = &top_table};
    claim->sections[1] = (rni_section){
        .name = "settings", .help = claim->system->options->help, .table = claim->system->options};
    claim->schema = (rni_schema){.sections = claim->sections, .n_sections = 2};
    RNI_TRY(read_file(claim, options->config, &p.file));
    const rni_node *root = rni_document_root(p.file);
    rn_status status = RN_OK;
    if (!is_mapping(root))
        status = rni_fail(RN_ERR_CONFIG,
                          "%s: found no mapping, expected the keys of a system's file: seeds, "
                          "settings, full, lens",
                          rni_document_name(p.file));
    else if (!split(&p, root, options->scale))
        status = rni_fail(RN_ERR_MEMORY, "rn_claim_execute: no memory");
    if (status == RN_OK) status = apply(claim, options, &p);
    clear_parts(&p);
    return status;
}
