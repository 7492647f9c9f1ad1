/*
 * The numbers of the page as JSON between its embedded halves.
 */
#include "scenario/scenario_page.h"

#include "backends/json_tree.h"
#include "core/status.h"

/* Every step-th of n numbers. */
static void put_thinned(rni_json *json, rn_index n, rn_index step, const double *values)
{
    rni_json_list(json, NULL);
    for (rn_index i = 0; i < n; i += step)
        rni_json_real(json, NULL, values[i]);
    rni_json_close(json);
}

static void put_densities(rni_json *json, const char *key, const rn_transport_solution *found,
                          rn_index step, const double *density)
{
    rni_json_list(json, key);
    for (rn_index k = 0; density && k < found->n_times; k++)
        put_thinned(json, found->n_cells, step, density + k * found->n_cells);
    rni_json_close(json);
}

static void put_states(rni_json *json, const rn_scenario *x)
{
    rni_json_list(json, "states");
    for (rn_index k = 0; k < rn_scenario_n_states(x); k++) {
        const rn_scenario_state *at = &x->states[k];
        rni_json_object(json, NULL);
        rni_json_real(json, "time", at->time);
        rni_json_real(json, "loss", at->loss);
        rni_json_real(json, "inside", at->inside);
        rni_json_real(json, "below", at->below);
        rni_json_real(json, "above", at->above);
        rni_json_real(json, "null_line", at->null_line);
        rni_json_real(json, "dissipated", at->dissipated);
        rni_json_real(json, "error", at->error);
        rni_json_real(json, "exact", at->exact);
        rni_json_close(json);
    }
    rni_json_close(json);
}

static void fill(const rn_scenario *x, rni_json *json)
{
    const rn_transport_solution *found = &x->solution;
    const rn_index step = (found->n_cells + RNI_PAGE_CELLS - 1) / RNI_PAGE_CELLS;
    rni_json_integer(json, "format", 1);
    rni_json_text(json, "version", RENORM_VERSION);
    rni_json_text(json, "name", x->name);
    rni_json_text(json, "config", rni_text_get(&x->text));
    rni_json_text(json, "velocity", rni_settings_table(x->settings, "velocity")->help);
    rni_json_integer(json, "cells", found->n_cells);
    rni_json_integer(json, "states_asked", x->problem.n_times);
    rni_json_real(json, "initial", found->initial);
    rni_json_real(json, "balance", found->balance);
    rni_json_list(json, "s");
    for (rn_index i = 0; i < found->n_cells; i += step)
        rni_json_real(json, NULL, found->s[i]);
    rni_json_close(json);
    put_states(json, x);
    put_densities(json, "density", found, step, found->density);
    put_densities(json, "exact", found, step, x->exact_density);
}

static rn_status add_bytes(rni_text *out, const unsigned char *bytes, size_t n_bytes)
{
    /* the halves hold no zero byte: they are text */
    rni_text_add(out, "%.*s", (int)n_bytes, (const char *)bytes);
    return out->is_broken ? rni_fail(RN_ERR_MEMORY, "rn_scenario_write: no memory for the page")
                          : RN_OK;
}

rn_status rni_scenario_page(const rn_scenario *x, rni_text *out)
{
    rni_json *json = rni_json_create();
    if (!json) return rni_fail(RN_ERR_MEMORY, "rn_scenario_write: no memory for the page");
    fill(x, json);
    rn_status status = add_bytes(out, rni_transport_page_head, rni_transport_page_head_size);
    if (status == RN_OK) status = rni_json_write(json, out);
    if (status == RN_OK)
        status = add_bytes(out, rni_transport_page_tail, rni_transport_page_tail_size);
    rni_json_destroy(json);
    return status;
}
