/*
 * A claim as it grows: lines with their verdicts, figures, notes; and the whole, from a name to a
 * folder.
 */
#include "systems/claim.h"

#include <math.h>
#include <renorm/sample.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conditions/finding.h"
#include "core/memory.h"

/* ---- asking ---------------------------------------------------------------------------------- */

const void *rni_claim_settings(const rn_claim *claim)
{
    return rni_settings_get(claim->settings, "settings");
}

uint64_t rni_claim_seed(const rn_claim *claim, rn_index i)
{
    return (uint64_t)(claim->first_seed + i);
}

static rn_status stop(const rn_claim *claim)
{
    return rni_fail(RN_INTERRUPTED, "%s: stopped before its claim was worked out",
                    claim->system->about.name);
}

rn_status rni_claim_advance(rn_claim *claim, rn_index done, rn_index total)
{
    const rn_observer *observer = claim->observer;
    if (!observer) return RN_OK;
    if (observer->progress) {
        const rn_progress progress = {.phase = claim->system->about.name,
                                      .done = (double)done,
                                      .total = total > 0 ? (double)total : 1.0};
        observer->progress(observer->user, &progress);
    }
    return observer->should_stop && observer->should_stop(observer->user) ? stop(claim) : RN_OK;
}

const rn_observer *rni_claim_observer(const rn_claim *claim)
{
    return &claim->inner;
}

/* ---- stating --------------------------------------------------------------------------------- */

static rn_status no_memory(const rn_claim *claim)
{
    return rni_fail(RN_ERR_MEMORY, "%s: no memory for what was found", claim->system->about.name);
}

/* Room for one more in an array of n. */
static void *grow(void *array, rn_index n, size_t size)
{
    return rni_resize(array, n, n + 1, size);
}

static void judge(rn_claim_line *line)
{
    const bool is_known = isfinite(line->measured) && !isnan(line->low) && !isnan(line->high);
    line->verdict = RN_VERDICT_CANNOT_TELL;
    if (!line->decides || !is_known) return;
    if (line->low >= line->at_least && line->high <= line->at_most)
        line->verdict = RN_VERDICT_HOLDS;
    else if (line->high < line->at_least || line->low > line->at_most)
        line->verdict = RN_VERDICT_FAILS;
}

static void copy(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from ? from : "");
}

static rn_status add_line(rn_claim *claim, const rni_statement *said, rn_sample_interval found,
                          rn_index n, const double *values)
{
    double *kept = rni_alloc(n, sizeof *kept);
    rn_claim_line *lines = kept ? grow(claim->lines, claim->n_lines, sizeof *lines) : NULL;
    if (!lines) {
        rni_free(kept);
        return no_memory(claim);
    }
    memcpy(kept, values, (size_t)n * sizeof *kept);
    claim->lines = lines;
    rn_claim_line *line = &lines[claim->n_lines++];
    *line = (rn_claim_line){.theory = said->theory,
                            .measured = found.value,
                            .low = found.low,
                            .high = found.high,
                            .at_least = said->at_least,
                            .at_most = said->at_most,
                            .decides = !said->is_beside,
                            .n_values = n,
                            .values = kept};
    copy(line->key, sizeof line->key, said->key);
    copy(line->quantity, sizeof line->quantity, said->quantity);
    copy(line->unit, sizeof line->unit, said->unit ? said->unit : "1");
    copy(line->formula, sizeof line->formula, said->formula);
    copy(line->tolerance, sizeof line->tolerance, said->tolerance);
    copy(line->method, sizeof line->method, said->method);
    judge(line);
    return RN_OK;
}

rn_status rni_claim_state(rn_claim *claim, const rni_statement *said, double value, double error)
{
    const rn_sample_interval found = {.value = value, .low = value - error, .high = value + error};
    return add_line(claim, said, found, 1, &value);
}

rn_status rni_claim_state_median(rn_claim *claim, const rni_statement *said, rn_index n,
                                 const double *values)
{
    rn_sample_summary summary;
    rn_sample_comparison against_nothing;
    RNI_TRY(rn_sample_summarise(n, values, &summary));
    rn_sample_interval found = {.value = summary.median, .low = summary.min, .high = summary.max};
    if (summary.count >= RN_SAMPLE_MIN_PAIRS) {
        double *nothing = rni_alloc_zero(n, sizeof *nothing);
        if (!nothing) return no_memory(claim);
        const rn_status status = rn_sample_compare(n, values, nothing, NULL, &against_nothing);
        rni_free(nothing);
        if (status < 0) return status;
        found = against_nothing.difference;
    }
    return add_line(claim, said, found, n, values);
}

rn_status rni_claim_state_mean(rn_claim *claim, const rni_statement *said, rn_index n,
                               const double *values)
{
    double mean = 0.0;
    double square = 0.0;
    if (n < 2)
        return rni_fail(RN_ERR_ARGUMENT, "%s: %" PRId64 " values of %s, expected two or more",
                        claim->system->about.name, n, said->key);
    for (rn_index i = 0; i < n; i++)
        mean += values[i] / (double)n;
    for (rn_index i = 0; i < n; i++)
        square += (values[i] - mean) * (values[i] - mean);
    const double error = rni_student_95(n - 1) * sqrt(square / (double)(n - 1) / (double)n);
    const rn_sample_interval found = {.value = mean, .low = mean - error, .high = mean + error};
    return add_line(claim, said, found, n, values);
}

static void free_text(const char *text)
{
    char *address;
    memcpy(&address, &text, sizeof address);
    rni_free(address);
}

rn_status rni_claim_figure(rn_claim *claim, const char *title, const char *x_name,
                           const char *y_name, bool is_log_x, bool is_log_y)
{
    rn_claim_figure *figures = grow(claim->figures, claim->n_figures, sizeof *figures);
    if (!figures) return no_memory(claim);
    claim->figures = figures;
    rn_claim_figure *figure = &figures[claim->n_figures++];
    *figure = (rn_claim_figure){.title = rni_copy_text(title),
                                .x_name = rni_copy_text(x_name),
                                .y_name = rni_copy_text(y_name),
                                .is_log_x = is_log_x,
                                .is_log_y = is_log_y};
    return figure->title && figure->x_name && figure->y_name ? RN_OK : no_memory(claim);
}

rn_status rni_claim_curve(rn_claim *claim, const char *name, rn_claim_stroke stroke, rn_index n,
                          const double *x, const double *y)
{
    rni_drawn *curves = grow(claim->curves, claim->n_curves, sizeof *curves);
    if (!curves) return no_memory(claim);
    claim->curves = curves;
    rni_drawn *curve = &curves[claim->n_curves++];
    *curve = (rni_drawn){.block = rni_alloc(2 * n, sizeof *curve->block)};
    if (!curve->block) return no_memory(claim);
    memcpy(curve->block, x, (size_t)n * sizeof *x);
    memcpy(curve->block + n, y, (size_t)n * sizeof *y);
    curve->shown = (rn_claim_curve){.figure = claim->n_figures - 1,
                                    .name = rni_copy_text(name),
                                    .stroke = stroke,
                                    .n = n,
                                    .x = curve->block,
                                    .y = curve->block + n};
    return curve->shown.name ? RN_OK : no_memory(claim);
}

rn_status rni_claim_note(rn_claim *claim, const char *format, ...)
{
    char words[2 * RN_CLAIM_TEXT];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    char **notes = grow(claim->notes, claim->n_notes, sizeof *notes);
    if (!notes) return no_memory(claim);
    claim->notes = notes;
    notes[claim->n_notes] = rni_copy_text(words);
    return notes[claim->n_notes++] ? RN_OK : no_memory(claim);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int should_stop(void *user)
{
    const rn_observer *observer = ((rn_claim *)user)->observer;
    return observer && observer->should_stop ? observer->should_stop(observer->user) : 0;
}

static rn_status work_out(rn_claim *claim, const rn_claim_options *options)
{
    RNI_TRY(rni_claim_load(claim, options));
    RNI_TRY(rni_claim_open(claim, options));
    RNI_CLAIM_TRY(claim->system->examine(claim));
    if (claim->n_lines == 0)
        return rni_fail(RN_ERR_INTERNAL, "%s: stated nothing", claim->system->about.name);
    if (!claim->folder) return RN_OK;
    if (!claim->is_mutated) RNI_CLAIM_TRY(rni_claim_look(claim));
    RNI_TRY(rni_claim_write(claim));
    return rni_claim_finish(claim);
}

rn_status rni_claim_execute(const rni_system *system, const rn_claim_options *options,
                            const rn_observer *observer, rn_claim **out)
{
    rn_claim *claim = rni_alloc_zero(1, sizeof *claim);
    if (!claim) return rni_fail(RN_ERR_MEMORY, "rn_claim_execute: no memory");
    claim->system = system;
    claim->observer = observer;
    claim->inner = (rn_observer){.should_stop = should_stop, .user = claim};
    rn_status status = work_out(claim, options);
    claim->observer = NULL;
    if (status == RN_INTERRUPTED && claim->n_kept > 0)
        status = rni_fail(RN_INTERRUPTED,
                          "%s: stopped; %s keeps what was worked out: renorm claims %s with the "
                          "same options and -o %s goes on from there",
                          system->about.name, claim->folder, system->about.name, claim->folder);
    rni_claim_close(claim);
    if (status != RN_OK) {
        rn_claim_destroy(claim);
        return status;
    }
    *out = claim;
    return RN_OK;
}

rn_status rn_claim_execute(const char *system, const rn_claim_options *options,
                           const rn_observer *observer, rn_claim **out)
{
    static const rn_claim_options defaults = {0};
    const rni_system *found = system ? rni_system_find(system) : NULL;
    if (!options) options = &defaults;
    if (!found || !out || options->n_seeds < 0 || options->n_overrides < 0
        || (options->n_overrides > 0 && !options->overrides))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_claim_execute: found '%s', expected a system's name; renorm claims "
                        "--list has them",
                        system ? system : "");
    return rni_claim_execute(found, options, observer, out);
}

void rn_claim_destroy(rn_claim *claim)
{
    if (!claim) return;
    for (rn_index i = 0; i < claim->n_lines; i++) {
        double *values;
        memcpy(&values, &claim->lines[i].values, sizeof values);
        rni_free(values);
    }
    for (rn_index i = 0; i < claim->n_figures; i++) {
        free_text(claim->figures[i].title);
        free_text(claim->figures[i].x_name);
        free_text(claim->figures[i].y_name);
    }
    for (rn_index i = 0; i < claim->n_curves; i++) {
        free_text(claim->curves[i].shown.name);
        rni_free(claim->curves[i].block);
    }
    for (rn_index i = 0; i < claim->n_notes; i++)
        rni_free(claim->notes[i]);
    rni_free(claim->lines);
    rni_free(claim->figures);
    rni_free(claim->curves);
    rni_free(claim->notes);
    rn_check_destroy(claim->lens_check);
    rn_folder_close(claim->lens_seen);
    rn_config_destroy(claim->lens);
    rni_settings_destroy(claim->settings);
    rni_text_clear(&claim->text);
    rni_claim_close(claim);
    rni_free(claim->folder);
    rni_free(claim);
}

/* ---- access ---------------------------------------------------------------------------------- */

const rn_claim_system *rn_claim_system_of(const rn_claim *claim)
{
    return &claim->system->about;
}

rn_claim_scale rn_claim_scale_of(const rn_claim *claim)
{
    return claim->scale;
}

rn_index rn_claim_n_seeds(const rn_claim *claim)
{
    return claim->n_seeds;
}

int rn_claim_is_mutated(const rn_claim *claim)
{
    return claim->is_mutated;
}

rn_verdict rn_claim_verdict(const rn_claim *claim)
{
    rn_verdict verdict = RN_VERDICT_CANNOT_TELL;
    bool all_hold = true;
    for (rn_index i = 0; i < claim->n_lines; i++) {
        const rn_claim_line *line = &claim->lines[i];
        if (!line->decides) continue;
        if (line->verdict == RN_VERDICT_FAILS) return RN_VERDICT_FAILS;
        all_hold &= line->verdict == RN_VERDICT_HOLDS;
        verdict = all_hold ? RN_VERDICT_HOLDS : RN_VERDICT_CANNOT_TELL;
    }
    return verdict;
}

rn_index rn_claim_n_lines(const rn_claim *claim)
{
    return claim->n_lines;
}

const rn_claim_line *rn_claim_line_at(const rn_claim *claim, rn_index i)
{
    return i >= 0 && i < claim->n_lines ? &claim->lines[i] : NULL;
}

const rn_claim_figure *rn_claim_figure_at(const rn_claim *claim, rn_index i)
{
    return i >= 0 && i < claim->n_figures ? &claim->figures[i] : NULL;
}

const rn_claim_curve *rn_claim_curve_at(const rn_claim *claim, rn_index i)
{
    return i >= 0 && i < claim->n_curves ? &claim->curves[i].shown : NULL;
}

const char *rn_claim_note_at(const rn_claim *claim, rn_index i)
{
    return i >= 0 && i < claim->n_notes ? claim->notes[i] : NULL;
}

const char *rn_claim_folder(const rn_claim *claim)
{
    return claim->folder;
}
