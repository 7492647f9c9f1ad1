/*
 * The numbers of the page as JSON between its embedded halves.
 */
#include "systems/claim_page.h"

#include "backends/json_tree.h"

static void put_about(rni_json *json, const rn_claim *claim)
{
    const rn_claim_system *about = &claim->system->about;
    rni_json_integer(json, "format", 1);
    rni_json_text(json, "version", RENORM_VERSION);
    rni_json_text(json, "name", about->name);
    rni_json_text(json, "title", about->title);
    rni_json_text(json, "paper", about->paper);
    rni_json_text(json, "claim", about->claim);
    rni_json_text(json, "mutation", about->mutation);
    rni_json_text(json, "scale", rn_claim_scale_name(claim->scale));
    rni_json_integer(json, "seeds", claim->n_seeds);
    rni_json_integer(json, "is_mutated", claim->is_mutated);
    rni_json_text(json, "verdict", rn_verdict_name(rn_claim_verdict(claim)));
    rni_json_text(json, "config", rni_text_get(&claim->text));
}

static void put_lines(rni_json *json, const rn_claim *claim)
{
    rni_json_list(json, "lines");
    for (rn_index i = 0; i < claim->n_lines; i++) {
        const rn_claim_line *line = &claim->lines[i];
        rni_json_object(json, NULL);
        rni_json_text(json, "quantity", line->quantity);
        rni_json_text(json, "unit", line->unit);
        rni_json_real(json, "theory", line->theory);
        rni_json_text(json, "formula", line->formula);
        rni_json_real(json, "measured", line->measured);
        rni_json_real(json, "low", line->low);
        rni_json_real(json, "high", line->high);
        rni_json_real(json, "at_least", line->at_least);
        rni_json_real(json, "at_most", line->at_most);
        rni_json_text(json, "method", line->method);
        rni_json_text(json, "tolerance", line->tolerance);
        rni_json_integer(json, "n_values", line->n_values);
        rni_json_text(json, "verdict", line->decides ? rn_verdict_name(line->verdict) : NULL);
        rni_json_close(json);
    }
    rni_json_close(json);
}

/* Every step-th of n numbers, and the last. */
static void put_thinned(rni_json *json, const char *key, rn_index n, const double *values)
{
    const rn_index step = (n + RNI_CLAIM_POINTS - 1) / RNI_CLAIM_POINTS;
    rni_json_list(json, key);
    for (rn_index i = 0; i < n; i += step)
        rni_json_real(json, NULL, values[i]);
    if (n > 0 && (n - 1) % step != 0) rni_json_real(json, NULL, values[n - 1]);
    rni_json_close(json);
}

static void put_curves(rni_json *json, const rn_claim *claim, rn_index figure)
{
    static const char *const strokes[] = {"measured", "theory", "points"};
    rni_json_list(json, "curves");
    for (rn_index i = 0; i < claim->n_curves; i++) {
        const rn_claim_curve *curve = &claim->curves[i].shown;
        if (curve->figure != figure) continue;
        rni_json_object(json, NULL);
        rni_json_text(json, "name", curve->name);
        rni_json_text(json, "stroke", strokes[curve->stroke]);
        put_thinned(json, "x", curve->n, curve->x);
        put_thinned(json, "y", curve->n, curve->y);
        rni_json_close(json);
    }
    rni_json_close(json);
}

static void put_figures(rni_json *json, const rn_claim *claim)
{
    rni_json_list(json, "figures");
    for (rn_index i = 0; i < claim->n_figures; i++) {
        const rn_claim_figure *figure = &claim->figures[i];
        rni_json_object(json, NULL);
        rni_json_text(json, "title", figure->title);
        rni_json_text(json, "x", figure->x_name);
        rni_json_text(json, "y", figure->y_name);
        rni_json_integer(json, "log_x", figure->is_log_x);
        rni_json_integer(json, "log_y", figure->is_log_y);
        put_curves(json, claim, i);
        rni_json_close(json);
    }
    rni_json_close(json);
    rni_json_list(json, "notes");
    for (rn_index i = 0; i < claim->n_notes; i++)
        rni_json_text(json, NULL, claim->notes[i]);
    rni_json_close(json);
}

static void put_moment(rni_json *json, const rn_snapshot *at)
{
    rni_json_object(json, NULL);
    rni_json_real(json, "time", at->record.time);
    rni_json_real(json, "loss", at->record.loss);
    rni_json_real(json, "null_energy", at->null_energy);
    rni_json_real(json, "closure_error", at->closure_error);
    rni_json_reals(json, "s", at->n_boundaries, at->s);
    rni_json_reals(json, "energy", at->n_boundaries - 1, at->energy);
    rni_json_reals(json, "dissipation", at->n_boundaries, at->dissipation);
    rni_json_reals(json, "flux", at->n_boundaries, at->flux);
    rni_json_close(json);
}

/* What the shells saw: the first, a middle and the last measurement, and what renorm check says. */
static void put_lens(rni_json *json, const rn_claim *claim)
{
    const rn_folder *seen = claim->lens_seen;
    const rn_index n = seen ? rn_folder_n_snapshots(seen) : 0;
    if (!seen || n < 1 || !claim->lens_check) return;
    const rn_check_subject *subject = rn_check_get(claim->lens_check, 0);
    const rn_index chosen[] = {0, n / 2, n - 1};
    rni_json_object(json, "lens");
    rni_json_text(json, "conclusion", rn_conclusion_text(subject->conclusion));
    rni_json_text(json, "sentence", subject->sentence);
    rni_json_integer(json, "snapshots", n);
    rni_json_list(json, "moments");
    for (int i = 0; i < 3; i++)
        if (i == 0 || chosen[i] > chosen[i - 1])
            put_moment(json, rn_folder_snapshot(seen, chosen[i]));
    rni_json_close(json);
    rni_json_close(json);
}

static rn_status add_bytes(rni_text *out, const unsigned char *bytes, size_t n_bytes)
{
    /* the halves hold no zero byte: they are text */
    rni_text_add(out, "%.*s", (int)n_bytes, (const char *)bytes);
    return out->is_broken ? rni_fail(RN_ERR_MEMORY, "rn_claim_execute: no memory for the page")
                          : RN_OK;
}

rn_status rni_claim_page(const rn_claim *claim, rni_text *out)
{
    rni_json *json = rni_json_create();
    if (!json) return rni_fail(RN_ERR_MEMORY, "rn_claim_execute: no memory for the page");
    put_about(json, claim);
    put_lines(json, claim);
    put_figures(json, claim);
    put_lens(json, claim);
    rn_status status = add_bytes(out, rni_claim_page_head, rni_claim_page_head_size);
    if (status == RN_OK) status = rni_json_write(json, out);
    if (status == RN_OK) status = add_bytes(out, rni_claim_page_tail, rni_claim_page_tail_size);
    rni_json_destroy(json);
    return status;
}
