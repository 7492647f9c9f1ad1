/*
 * Two counters and a forecast; see the header.
 */
#include "run/cadence.h"

#include <math.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "run/measure.h"

/* Steps between comparisons, as a share of those since the last measurement: a forecast costs as
   much as a small step, and what changes slowly need not be looked at often. */
#define CHECK_SHARE 32

/* How many measurements the share of the work pays for; two, the first and the last step, are
   always taken. */
static rn_index count_affordable(const rni_cadence_rule *rule, rn_index n_total)
{
    const double paid = rule->overhead * (double)n_total / rule->price;
    const rn_index most = n_total + 1;
    return paid >= (double)most ? most : rni_max(rni_min(2, most), (rn_index)paid);
}

rn_status rni_cadence_create(const rni_cadence_rule *rule, rn_index n_total, rn_index n_modes,
                             bool is_flow, rni_cadence *out)
{
    const bool is_adaptive = rule->snapshots == 0;
    const rn_index most = is_adaptive ? count_affordable(rule, n_total) : rule->snapshots;
    const rn_index n_spaced = is_adaptive ? rni_max(2, rni_ceil_div(most, 2)) : most;
    rni_cadence made = {.n_total = n_total,
                        .change = rule->change,
                        .is_flow = is_flow,
                        .stride = rni_max(1, rule->stride),
                        .capacity = is_adaptive ? n_modes : 0};
    made.steps = rni_alloc(rni_max(2, rni_min(n_spaced, n_total + 1)), sizeof *made.steps);
    made.lambda = rni_alloc(made.capacity, sizeof *made.lambda);
    made.weight = rni_alloc(made.capacity, sizeof *made.weight);
    if (!made.steps || !made.lambda || !made.weight) {
        rni_cadence_clear(&made);
        return rni_fail(RN_ERR_MEMORY, "rn_run_execute: no memory for a schedule");
    }
    made.n_steps = rni_schedule_log(n_total, n_spaced, made.steps);
    made.max_extra = rni_max(0, most - made.n_steps);
    *out = made;
    return RN_OK;
}

void rni_cadence_clear(rni_cadence *cadence)
{
    rni_free(cadence->steps);
    rni_free(cadence->lambda);
    rni_free(cadence->weight);
    *cadence = (rni_cadence){0};
}

rn_index rni_cadence_most(const rni_cadence *cadence)
{
    return cadence->n_steps + cadence->max_extra;
}

/* Extra measurements are paid out evenly in ln(1 + step), so that the early steps, where much
   changes, do not take them all. */
static bool can_pay(const rni_cadence *c, rn_index step)
{
    if (c->n_extra >= c->max_extra) return false;
    const double share = log1p((double)step) / log1p((double)c->n_total);
    return (double)(c->n_extra + 1) <= share * (double)c->max_extra;
}

static double forecast(const rni_cadence *c, const rn_record *record)
{
    const double n_steps = (double)(record->step - c->step);
    const double elapsed = record->time - c->time;
    const double eta = elapsed / n_steps;
    double sum = 0.0;
    for (rn_index u = 0; u < c->n_modes; u++) {
        const double left = c->is_flow ? exp(-2.0 * c->lambda[u] * elapsed)
                                       : pow(fabs(1.0 - eta * c->lambda[u]), 2.0 * n_steps);
        sum += c->weight[u] * left;
    }
    return c->loss * sum;
}

/* The first step at or after next_check whose loss is known. */
static rn_index find_check(const rni_cadence *c)
{
    return rni_ceil_div(c->next_check, c->stride) * c->stride;
}

static bool has_changed(rni_cadence *c, const rn_record *record)
{
    /* the steps to look at follow from the last measurement alone, also after a resumption */
    while (find_check(c) < record->step)
        c->next_check += 1 + (c->next_check - c->step) / CHECK_SHARE;
    if (c->n_modes == 0 || record->step != find_check(c)) return false;
    const double expected = forecast(c, record);
    /* a forecast of 0 is left by any loss that is not */
    return record->loss > 0.0 && !(fabs(log(record->loss / expected)) < c->change);
}

bool rni_cadence_is_scheduled(const rni_cadence *cadence, rn_index step)
{
    return cadence->next < cadence->n_steps && cadence->steps[cadence->next] == step;
}

bool rni_cadence_is_due(rni_cadence *cadence, const rn_record *record)
{
    if (rni_cadence_is_scheduled(cadence, record->step)) return true;
    return can_pay(cadence, record->step) && has_changed(cadence, record);
}

/* What the next forecasts start from. */
static void keep(rni_cadence *c, const rn_snapshot *snapshot)
{
    double total = 0.0;
    c->n_modes = 0;
    c->step = snapshot->record.step;
    c->time = snapshot->record.time;
    c->loss = snapshot->record.loss;
    c->next_check = c->step + 1;
    if (snapshot->n_modes > c->capacity) return;
    for (rn_index u = 0; u < snapshot->n_modes; u++)
        total += snapshot->g[u] * snapshot->g[u];
    if (!(total > 0.0) || !isfinite(total)) return;
    for (rn_index u = 0; u < snapshot->n_modes; u++) {
        c->lambda[u] = fmax(snapshot->lambda[u], 0.0);
        c->weight[u] = snapshot->g[u] * snapshot->g[u] / total;
    }
    c->n_modes = snapshot->n_modes;
}

rn_status rni_cadence_note(rni_cadence *cadence, const rn_snapshot *snapshot)
{
    const rn_index step = snapshot->record.step;
    if (rni_cadence_is_scheduled(cadence, step))
        cadence->next++;
    else if (cadence->n_extra < cadence->max_extra
             && (cadence->next == cadence->n_steps || step < cadence->steps[cadence->next]))
        cadence->n_extra++;
    else
        return rni_fail(RN_ERR_ARGUMENT, "step %" PRId64 " is none to measure at", step);
    keep(cadence, snapshot);
    return RN_OK;
}
