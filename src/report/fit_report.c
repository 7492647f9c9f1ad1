/*
 * The page of a fit: its numbers as JSON between the embedded halves.
 */
#include <renorm/fit_report.h>

#include <math.h>

#include "core/memory.h"
#include "report/fit_curves.h"
#include "report/page_file.h"

/* Most points that are drawn, those of groups not counted. */
enum { MOST_SHOWN = 2000 };

static const rni_page_halves halves = {rni_fit_page_head, rni_fit_page_tail,
                                       &rni_fit_page_head_size, &rni_fit_page_tail_size};

/* ---- parameters ------------------------------------------------------------------------------ */

static void put_range(rni_json *json, const char *key, const rn_fit_range *range)
{
    const double ends[] = {range->low, range->high};
    if (!isnan(range->low)) rni_json_reals(json, key, 2, ends);
}

/* A parameter with its intervals; NULL: none of that kind. */
static void put_parameter(rni_json *json, const char *name, rn_fit_number number,
                          const rn_fit_range *bootstrap, const rn_fit_range *profile)
{
    rni_json_object(json, NULL);
    rni_json_text(json, "name", name);
    rni_json_real(json, "value", number.value);
    rni_json_real(json, "error", number.error);
    if (bootstrap) put_range(json, "bootstrap", bootstrap);
    if (profile) put_range(json, "profile", profile);
    rni_json_close(json);
}

static rn_status put_power(rni_json *json, const rn_fit_report *r)
{
    const rn_fit_result *fit = r->fit;
    const rn_fit_range *profile = r->profile;
    rn_fit_ranges found;
    const bool has_two = fit->n_variables > 1;
    if (r->n_draws > 0) RNI_TRY(rn_fit_ranges_of(r->n_draws, r->draws, r->level, &found));
    const rn_fit_ranges *b = r->n_draws > 0 ? &found : NULL;
    put_parameter(json, "E", fit->floor, b ? &b->floor : NULL, NULL);
    put_parameter(json, "A", fit->scale[0], b ? &b->scale[0] : NULL, NULL);
    put_parameter(json, has_two ? "alpha" : "a", fit->exponent[0], b ? &b->exponent[0] : NULL,
                  profile);
    if (!has_two) return RN_OK;
    put_parameter(json, "B", fit->scale[1], b ? &b->scale[1] : NULL, NULL);
    put_parameter(json, "beta", fit->exponent[1], b ? &b->exponent[1] : NULL,
                  profile ? profile + 1 : NULL);
    put_parameter(json, "beta/(alpha+beta)", fit->allocation, b ? &b->allocation : NULL, NULL);
    return RN_OK;
}

static rn_status put_broken(rni_json *json, const rn_fit_report *r)
{
    static const char *const names[RN_FIT_MAX_BREAKS][3] = {{"c1", "d1", "f1"}, {"c2", "d2", "f2"}};
    const rn_fit_broken *fit = r->broken;
    rn_fit_broken_ranges found;
    if (r->n_draws > 0)
        RNI_TRY(rn_fit_ranges_of_broken(r->n_draws, r->broken_draws, r->level, &found));
    const rn_fit_broken_ranges *b = r->n_draws > 0 ? &found : NULL;
    put_parameter(json, "E", fit->floor, b ? &b->floor : NULL, NULL);
    put_parameter(json, "A", fit->scale, b ? &b->scale : NULL, NULL);
    put_parameter(json, "a", fit->exponent, b ? &b->exponent : NULL, NULL);
    for (rn_index k = 0; k < fit->n_breaks && k < RN_FIT_MAX_BREAKS; k++) {
        put_parameter(json, names[k][0], fit->change[k], b ? &b->change[k] : NULL, NULL);
        put_parameter(json, names[k][1], fit->at[k], b ? &b->at[k] : NULL, NULL);
        put_parameter(json, names[k][2], fit->width[k], b ? &b->width[k] : NULL, NULL);
    }
    return RN_OK;
}

/* ---- points ---------------------------------------------------------------------------------- */

static bool is_left_out(const rn_fit_report *r, rn_index row)
{
    for (rn_index g = 0; g < r->n_groups; g++)
        for (rn_index i = 0; i < r->groups[g].n_left_out; i++)
            if (r->groups[g].rows[i] == row) return true;
    return false;
}

/* [row from 1, x, d, loss, law] */
static void put_points(rni_json *json, const rn_fit_report *r)
{
    const rn_fit_input *input = &r->table->input;
    const rn_index step = (input->n + MOST_SHOWN - 1) / MOST_SHOWN;
    rni_json_list(json, "points");
    for (rn_index i = 0; i < input->n; i++) {
        if (i % step != 0 && !is_left_out(r, i)) continue;
        const double x = input->x[0][i];
        const double d = input->n_variables > 1 ? input->x[1][i] : (double)NAN;
        const double numbers[] = {(double)(i + 1), x, d, input->y[i], rni_fit_law(r, x, d)};
        rni_json_reals(json, NULL, 5, numbers);
    }
    rni_json_close(json);
}

static void put_groups(rni_json *json, const rn_fit_report *r)
{
    rni_json_list(json, "groups");
    for (rn_index g = 0; g < r->n_groups; g++) {
        const rn_fit_influence *group = &r->groups[g];
        rni_json_object(json, NULL);
        rni_json_integer(json, "exponent", group->exponent);
        rni_json_real(json, "errors", group->errors);
        rni_json_real(json, "value", group->without.exponent[group->exponent].value);
        rni_json_real(json, "error", group->without.exponent[group->exponent].error);
        rni_json_list(json, "rows");
        for (rn_index i = 0; i < group->n_left_out; i++)
            rni_json_integer(json, NULL, group->rows[i] + 1);
        rni_json_close(json);
        rni_json_close(json);
    }
    rni_json_close(json);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void put_names(rni_json *json, const rn_fit_report *r)
{
    static const char *const norms[] = {"squares", "huber", "absolute"};
    rni_json_integer(json, "format", 1);
    rni_json_text(json, "version", RENORM_VERSION);
    rni_json_text(json, "name", r->name);
    rni_json_list(json, "names");
    for (int k = 0; k < 3; k++)
        rni_json_text(json, NULL, r->table->names[k]);
    rni_json_close(json);
    rni_json_integer(json, "from_compute", r->table->from_compute);
    rni_json_integer(json, "variables", r->table->input.n_variables);
    rni_json_text(json, "norm", r->options ? norms[r->options->norm] : NULL);
    rni_json_real(json, "delta", r->options ? r->options->delta : (double)NAN);
    rni_json_text(json, "warning", r->warning);
    rni_json_real(json, "level", r->level);
    rni_json_integer(json, "draws", r->n_draws);
}

static rn_status fill(rni_json *json, const rn_fit_report *r)
{
    put_names(json, r);
    rni_json_integer(json, "n", r->table->input.n);
    rni_json_integer(json, "breaks", r->broken ? r->broken->n_breaks : 0);
    rni_json_real(json, "rss", r->broken ? r->broken->rss : r->fit->rss);
    rni_json_real(json, "condition", r->broken ? r->broken->condition : r->fit->condition);
    rni_json_integer(json, "starts", r->broken ? r->broken->n_starts : r->fit->n_starts);
    rni_json_integer(json, "agreeing", r->broken ? r->broken->n_agreeing : r->fit->n_agreeing);
    rni_json_list(json, "parameters");
    RNI_TRY(r->broken ? put_broken(json, r) : put_power(json, r));
    rni_json_close(json);
    put_points(json, r);
    put_groups(json, r);
    return rni_fit_curves(json, r);
}

static rn_status check(const rn_fit_report *r, const char *path)
{
    const bool is_whole = r && path && r->name && r->table && r->table->input.n > 0
                          && (r->fit != NULL) != (r->broken != NULL) && r->n_draws >= 0
                          && r->n_groups >= 0 && (r->n_groups == 0 || r->groups);
    if (!is_whole)
        return rni_fail(RN_ERR_ARGUMENT, "rn_fit_report_write: an argument is NULL or out of "
                                         "range; expected exactly one of fit and broken");
    const rn_index n = r->broken ? r->broken->n : r->fit->n;
    const rn_index n_variables = r->broken ? 1 : r->fit->n_variables;
    if (n != r->table->input.n || n_variables != r->table->input.n_variables)
        return rni_fail(RN_ERR_ARGUMENT, "rn_fit_report_write: the fit is of another table");
    if (r->n_draws == 0) return RN_OK;
    if ((r->broken ? r->broken_draws != NULL : r->draws != NULL) && r->level > 0.0
        && r->level < 1.0)
        return RN_OK;
    return rni_fail(RN_ERR_ARGUMENT,
                    "rn_fit_report_write: %" PRId64 " draws, but none are given, or level %g",
                    r->n_draws, r->level);
}

rn_status rn_fit_report_write(const rn_fit_report *report, const char *path)
{
    rni_text data = {0};
    RNI_TRY(check(report, path));
    RNI_TRY(rni_page_check_target(path, RNI_FIT_PAGE_MARK, "renorm fit"));
    rni_json *json = rni_json_create();
    if (!json) return rni_fail(RN_ERR_MEMORY, "rn_fit_report_write: no memory");
    rn_status status = fill(json, report);
    if (status == RN_OK) status = rni_json_write(json, &data);
    if (status == RN_OK) status = rni_page_write(path, &halves, &data);
    rni_text_clear(&data);
    rni_json_destroy(json);
    return status;
}
