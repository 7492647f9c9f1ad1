/*
 * Forecasts of real runs. A linear network has a kernel that stands still: frozen modes are exact
 * there, and transport must not spoil them.
 */
#include <math.h>
#include <renorm/forecast.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "forecast/history.h"
#include "remove_tree.h"

static char root[64];
static rn_folder *linear;  /* kernel at rest */
static rn_folder *network; /* kernel moves */
static rn_folder *brief;   /* too short for a back-test */
static rn_folder *blind;   /* nothing measured */

#define COMMON                                                                                     \
    "data.kind=sphere", "data.n_train=24", "data.n_test=8", "data.dimension=6",                    \
        "measure.snapshots=14", "measure.closure_dt=0", "measure.step_budget=false", "threads=1"

static rn_status make(const char *name, rn_index n, const char *const *settings, rn_folder **out)
{
    char path[128];
    rn_config *config = NULL;
    rn_run *run = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    const rn_run_options options = {.folder = path};
    rn_status status = rn_config_load(NULL, n, settings, &config);
    if (status == RN_OK) status = rn_run_execute(config, &options, NULL, &run);
    rn_run_destroy(run);
    rn_config_destroy(config);
    return status == RN_OK ? rn_folder_open(path, out) : status;
}

#define MAKE(name, out, ...)                                                                       \
    make(name, (rn_index)(sizeof(const char *const[]){__VA_ARGS__} / sizeof(const char *)),        \
         (const char *const[]){__VA_ARGS__}, out)

static int make_runs(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "renorm-forecast-XXXXXX");
    if (!mkdtemp(root)) return -1;
    if (MAKE("linear", &linear, COMMON, "model.kind=linear", "train.learning_rate=0.7", "steps=600")
        < 0)
        return -1;
    if (MAKE("network", &network, COMMON, "model.depth=3", "model.width=12",
             "train.learning_rate=0.1", "steps=600")
        < 0)
        return -1;
    if (MAKE("brief", &brief, COMMON, "model.depth=2", "model.width=8", "steps=12") < 0) return -1;
    return MAKE("blind", &blind, "data.kind=sphere", "data.n_train=24", "data.n_test=8",
                "model.depth=2", "model.width=8", "measure.kind=none", "steps=300")
                   < 0
               ? -1
               : 0;
}

static int remove_runs(void **state)
{
    (void)state;
    rn_folder_close(linear);
    rn_folder_close(network);
    rn_folder_close(brief);
    rn_folder_close(blind);
    remove_tree(root);
    return 0;
}

static void a_kernel_at_rest_is_forecast_exactly(void **state)
{
    (void)state;
    rn_forecast *forecast = NULL;
    const rn_forecast_options early = {.from = rn_folder_record(linear, 30)->time,
                                       .to = rn_folder_record(linear, 590)->time};
    assert_status(rn_forecast_create(linear, &early, &forecast), RN_OK);
    const rn_forecast_answer *a = rn_forecast_answer_of(forecast);
    assert_int_equal(a->chosen, RN_FORECAST_TRANSPORT);
    assert_true(a->step <= 30 && a->step > 5 && a->n_lines > 20);
    int n_checked = 0;
    for (rn_index k = 0; k < a->n_lines; k++) {
        const rn_forecast_line *line = &a->lines[k];
        const double steps = (line->time - a->from) / rn_folder_record(linear, 0)->learning_rate;
        assert_true(k == 0 || line->time > a->lines[k - 1].time);
        /* a part of a step is interpolated in ln L: only whole steps are exact */
        if (fabs(steps - round(steps)) > 1e-6) continue;
        n_checked++;
        assert_close(line->by[RN_FORECAST_FROZEN].loss / line->measured, 1.0, 1e-8);
        assert_close(line->by[RN_FORECAST_TRANSPORT].loss / line->measured, 1.0, 1e-6);
    }
    assert_true(n_checked >= 2);
    rn_forecast_destroy(forecast);
}

static void a_forecast_knows_nothing_of_what_comes(void **state)
{
    (void)state;
    rn_forecast *whole = NULL;
    rn_folder *cut = NULL;
    rn_forecast *part = NULL;
    /* the same run, stopped earlier: measurements fall on other steps, so the one at a common
       step is looked for */
    assert_true(MAKE("cut", &cut, COMMON, "model.depth=3", "model.width=12",
                     "train.learning_rate=0.1", "steps=600", "output.record_every=1")
                >= 0);
    const rn_snapshot *at = rn_folder_snapshot(network, 8);
    const rn_forecast_options options = {.from = at->record.time, .to = 4.0 * at->record.time};
    const double wrong = 123.0;
    /* later records of the copy are changed: nothing of the forecast may move */
    for (rn_index i = 0; i < rn_folder_n_records(cut); i++) {
        const rn_record *shown = rn_folder_record(cut, i);
        char *record;
        memcpy(&record, &shown, sizeof record);
        if (shown->step > at->record.step)
            memcpy(record + offsetof(rn_record, loss), &wrong, sizeof wrong);
    }
    assert_status(rn_forecast_create(network, &options, &whole), RN_OK);
    assert_status(rn_forecast_create(cut, &options, &part), RN_OK);
    const rn_forecast_answer *a = rn_forecast_answer_of(whole);
    const rn_forecast_answer *b = rn_forecast_answer_of(part);
    assert_int_equal(a->n_lines, b->n_lines);
    for (rn_index k = 0; k < a->n_lines; k++)
        assert_memory_equal(a->lines[k].by, b->lines[k].by, sizeof a->lines[k].by);
    assert_true(a->lines[5].measured < 100.0);
    rn_forecast_destroy(whole);
    rn_forecast_destroy(part);
    rn_folder_close(cut);
}

/* Nodes and masses of a quadrature in place of modes: the same losses, no ranks. */
static void a_matrix_free_run_is_forecast_like_an_exact_one(void **state)
{
    (void)state;
    rn_folder *nodes = NULL;
    rn_forecast *one = NULL;
    rn_forecast *other = NULL;
    assert_true(MAKE("nodes", &nodes, "data.kind=sphere", "data.n_train=24", "data.n_test=8",
                     "data.dimension=6", "measure.kind=matrix_free", "measure.snapshots=14",
                     "threads=1", "model.depth=3", "model.width=12", "train.learning_rate=0.1",
                     "steps=600")
                >= 0);
    const double start = rn_folder_record(network, 60)->time;
    const rn_forecast_options options = {.from = start, .to = 6.0 * start};
    assert_status(rn_forecast_create(network, &options, &one), RN_OK);
    assert_status(rn_forecast_create(nodes, &options, &other), RN_OK);
    const rn_forecast_answer *a = rn_forecast_answer_of(one);
    const rn_forecast_answer *b = rn_forecast_answer_of(other);
    assert_int_equal(a->step, b->step);
    assert_false(b->has_exponents);
    for (rn_index k = 0; k < a->n_lines; k++) {
        /* shells are resolved to 1 % of the loss by default */
        assert_close(b->lines[k].by[0].loss / a->lines[k].by[0].loss, 1.0, 0.02);
        assert_close(b->lines[k].by[1].loss / a->lines[k].by[1].loss, 1.0, 0.05);
    }
    rn_forecast_destroy(one);
    rn_forecast_destroy(other);
    rn_folder_close(nodes);
}

#define SMALL(kind)                                                                                \
    "data.kind=sphere", "data.n_train=24", "data.n_test=8", "data.dimension=6", kind,              \
        "measure.snapshots=8", "threads=1", "model.depth=3", "model.width=12", "steps=200"

/* An exact run, and the same seen by twelve products at a time. */
static void make_both(bool is_flow, rn_folder *folders[2])
{
    const char *kind = is_flow ? "train.kind=gradient_flow" : "train.kind=gradient_descent";
    assert_true(MAKE(is_flow ? "flow_modes" : "few_modes", &folders[0], SMALL(kind),
                     "measure.kind=exact", "measure.closure_dt=0", "measure.step_budget=false")
                >= 0);
    assert_true(MAKE(is_flow ? "flow_nodes" : "few_nodes", &folders[1], SMALL(kind),
                     "measure.kind=matrix_free", "measure.steps=12", "measure.accuracy=0")
                >= 0);
}

/* Returns by how much the bounds are apart at most. */
static double compare_bounds(const rn_forecast_answer *exact, const rn_forecast_answer *nodes)
{
    double widest = 0.0;
    assert_int_equal(exact->step, nodes->step);
    assert_int_equal(exact->n_lines, nodes->n_lines);
    for (rn_index k = 0; k < exact->n_lines; k++) {
        const rn_forecast_line *line = &nodes->lines[k];
        const rn_forecast_value *v = &line->by[RN_FORECAST_FROZEN];
        const double loss = exact->lines[k].by[RN_FORECAST_FROZEN].loss;
        assert_true(isnan(exact->lines[k].frozen_most));
        /* the two runs record the same losses to rounding */
        assert_true(line->frozen_least <= loss * (1.0 + 1e-9));
        assert_true(loss <= line->frozen_most * (1.0 + 1e-9));
        assert_true(v->low50 <= line->frozen_least && line->frozen_most < v->high50);
        assert_true(v->low90 <= v->low50 && v->high50 < v->high90);
        assert_true(v->loss >= line->frozen_least && v->loss <= line->frozen_most);
        widest = fmax(widest, line->frozen_most / line->frozen_least);
    }
    return widest;
}

/* Few products of the same run: the exact frozen forecast lies between the guaranteed bounds, and
   intervals reach beyond them. */
static void few_products_bound_the_exact_forecast(void **state)
{
    (void)state;
    double widest = 0.0;
    for (int flow = 0; flow < 2; flow++) {
        rn_folder *folders[2] = {NULL, NULL};
        rn_forecast *forecasts[2] = {NULL, NULL};
        make_both(flow != 0, folders);
        const double from = rn_folder_record(folders[0], 60)->time;
        const rn_forecast_options options = {.from = from, .to = 300.0 * from};
        for (int i = 0; i < 2; i++)
            assert_status(rn_forecast_create(folders[i], &options, &forecasts[i]), RN_OK);
        widest = fmax(widest, compare_bounds(rn_forecast_answer_of(forecasts[0]),
                                             rn_forecast_answer_of(forecasts[1])));
        for (int i = 0; i < 2; i++) {
            rn_forecast_destroy(forecasts[i]);
            rn_folder_close(folders[i]);
        }
    }
    assert_true(widest > 1.01); /* or the bounds would not matter here */
}

/* ---- schedules ------------------------------------------------------------------------------- */

/* The loss of modes stepped one by one by the recorded learning rates, from a record to a record.
 */
static double step_modes(const rn_folder *folder, const rn_snapshot *at, rn_index until)
{
    double all = 0.0;
    double sum = 0.0;
    for (rn_index u = 0; u < at->n_modes; u++) {
        double g = at->g[u];
        all += g * g;
        for (rn_index k = at->record.step; k < until; k++)
            g -= rn_folder_record(folder, k)->learning_rate * fmax(at->lambda[u], 0.0) * g;
        sum += g * g;
    }
    return at->record.loss * sum / all;
}

/* A linear network: the run itself is the forecast of frozen modes, to the joining of step sizes
   that differ by less than 1 % to their mean: (1 %)^2/12 of the decay at most. */
static void check_schedule(rn_folder *folder)
{
    rn_forecast *forecast = NULL;
    rn_index number = 0;
    while (rn_folder_snapshot(folder, number)->record.step < 8)
        number++;
    const rn_snapshot *at = rn_folder_snapshot(folder, number);
    for (rn_index until = at->record.step + 3; until <= 240; until += 59) {
        const double time = rn_folder_record(folder, until)->time;
        const rn_forecast_options options = {.from = at->record.time, .to = time};
        const double stepped = step_modes(folder, at, until);
        const double tolerance = 1e-4 * (1.0 + fabs(log(stepped / at->record.loss)));
        assert_status(rn_forecast_create(folder, &options, &forecast), RN_OK);
        const rn_forecast_answer *a = rn_forecast_answer_of(forecast);
        const rn_forecast_line *last = &a->lines[a->n_lines - 1];
        assert_int_equal(a->step, at->record.step);
        assert_close(rn_folder_record(folder, until)->loss / stepped, 1.0, 1e-8);
        assert_close(last->by[RN_FORECAST_FROZEN].loss / stepped, 1.0, tolerance);
        assert_close(last->by[RN_FORECAST_TRANSPORT].loss / stepped, 1.0, 2.0 * tolerance);
        rn_forecast_destroy(forecast);
    }
}

#define SCHEDULED                                                                                  \
    "data.kind=sphere", "data.n_train=24", "data.n_test=8", "data.dimension=6",                    \
        "model.kind=linear", "train.kind=sgd", "train.learning_rate=0.9", "measure.snapshots=8",   \
        "measure.closure_dt=0", "threads=1"

static void schedules_are_followed(void **state)
{
    (void)state;
    rn_folder *folder = NULL;
    assert_true(MAKE("constant", &folder, SCHEDULED, "steps=240") >= 0);
    check_schedule(folder);
    rn_folder_close(folder);
    assert_true(
        MAKE("cosine", &folder, SCHEDULED, "steps=240", "train.schedule=cosine", "train.warmup=30")
        >= 0);
    check_schedule(folder);
    rn_folder_close(folder);
    assert_true(MAKE("drops", &folder, SCHEDULED, "steps=240", "train.schedule=steps",
                     "train.milestones=[20, 90]", "train.drop=0.3")
                >= 0);
    check_schedule(folder);
    rn_folder_close(folder);
}

/* What a run did not come to is planned by its schedule: the same pieces as its records tell. */
static void plans_go_on_where_records_end(void **state)
{
    (void)state;
    static const char *const schedules[] = {"cosine", "linear", "steps", "constant"};
    for (int i = 0; i < 4; i++) {
        rn_folder *folder = NULL;
        char schedule[64];
        char name[64];
        rni_history h;
        rn_mode_piece whole[RNI_MOST_PIECES];
        rn_mode_piece part[RNI_MOST_PIECES];
        (void)snprintf(schedule, sizeof schedule, "train.schedule=%s", schedules[i]);
        (void)snprintf(name, sizeof name, "plan_%s", schedules[i]);
        assert_true(MAKE(name, &folder, SCHEDULED, "steps=120", schedule, "train.warmup=40",
                         "train.milestones=[60, 100]", "train.last=0.1")
                    >= 0);
        rni_history_of(folder, &h);
        assert_true(h.obstacle[0] == 0);
        const double from = rn_folder_record(folder, 10)->time;
        const rn_index n_whole = rni_history_plan(&h, from, whole);
        h.n_records = 26; /* stopped in the warmup */
        const rn_index n_part = rni_history_plan(&h, from, part);
        assert_int_equal(n_part, n_whole);
        assert_true(n_whole > 10);
        for (rn_index k = 0; k < n_whole; k++) {
            assert_close(part[k].step_size / whole[k].step_size, 1.0, 1e-9);
            assert_close(part[k].duration, whole[k].duration, 1e-9 * from);
        }
        rn_folder_close(folder);
    }
}

/* A target that a linear network cannot reach stays, and every method says its limit. */
static void limits_are_told(void **state)
{
    (void)state;
    rn_forecast *forecast = NULL;
    const rn_forecast_options far = {.from = rn_folder_record(linear, 100)->time, .to = 1e7};
    assert_status(rn_forecast_create(linear, &far, &forecast), RN_OK);
    const rn_forecast_answer *a = rn_forecast_answer_of(forecast);
    const rn_forecast_line *last = &a->lines[a->n_lines - 1];
    assert_true(a->limit[RN_FORECAST_FROZEN] > 0.0);
    assert_close(a->limit[RN_FORECAST_FROZEN] / last->by[RN_FORECAST_FROZEN].loss, 1.0, 1e-9);
    assert_close(a->limit[RN_FORECAST_TRANSPORT], a->limit[RN_FORECAST_FROZEN], 0.0);
    assert_true(a->limit[RN_FORECAST_POWER] >= 0.0
                && a->limit[RN_FORECAST_POWER] <= last->by[RN_FORECAST_POWER].loss);
    assert_close(a->limit[RN_FORECAST_LINE], 0.0, 0.0);
    rn_forecast_destroy(forecast);
}

/* The linear network's held-out losses are foretold exactly; the other's to a factor. */
static void held_out_losses_are_foretold(void **state)
{
    (void)state;
    rn_forecast *forecast = NULL;
    const rn_forecast_options options = {.from = rn_folder_snapshot(linear, 5)->record.time,
                                         .to = rn_folder_record(linear, 590)->time};
    assert_status(rn_forecast_create(linear, &options, &forecast), RN_OK);
    const rn_forecast_answer *a = rn_forecast_answer_of(forecast);
    const rn_snapshot *at = rn_folder_snapshot(linear, 5);
    assert_true(a->has_held_out);
    assert_close(a->held_out_loss, at->record.held_out_loss, 0.0);
    assert_close(a->held_out[0].value.loss, at->held_out_2x, 0.0);
    assert_close(a->held_out[1].value.loss, at->held_out_4x, 0.0);
    assert_close(a->held_out[2].value.loss, at->held_out_10x, 0.0);
    for (rn_index i = 0; i < RN_BACKTEST_FACTORS; i++) {
        assert_close(a->held_out[i].factor, rn_backtest_factor(i), 0.0);
        assert_close(a->held_out[i].time, rn_backtest_factor(i) * a->from, 0.0);
        /* between two measurements the run's is interpolated */
        assert_close(a->held_out[i].value.loss / a->held_out[i].measured, 1.0, 0.05);
    }
    rn_forecast_destroy(forecast);
    assert_status(rn_forecast_create(blind, NULL, &forecast), RN_OK);
    assert_false(rn_forecast_answer_of(forecast)->has_held_out);
    rn_forecast_destroy(forecast);

    rn_backtest test = {0};
    rn_backtest_score score;
    assert_status(rn_backtest_run(network, &test), RN_OK);
    rn_index n = 0;
    double worst = 0.0;
    for (rn_index k = 0; k < test.n_lines; k++) {
        const rn_backtest_line *line = &test.lines[k];
        if (fabs(line->factor - 2.0) > 1e-6 || !isfinite(line->held_out_measured)) continue;
        n++;
        worst = fmax(worst, fabs(log(line->held_out.loss / line->held_out_measured)));
    }
    assert_status(rn_backtest_judge_held_out(1, &test, 2.0, -1, 0.0, &score), RN_OK);
    assert_int_equal(score.n_lines, n);
    assert_int_equal(score.n_told, n);
    assert_true(n >= 2 && score.median <= worst && score.median >= 0.0 && worst < 1.0);
    rn_index n_held = 0; /* coverage is counted on what came */
    for (rn_index k = 0; k < test.n_lines; k++) {
        const rn_backtest_line *line = &test.lines[k];
        const rn_forecast_value *v = &line->held_out;
        if (fabs(line->factor - 2.0) > 1e-6 || !isfinite(line->held_out_measured)) continue;
        assert_true(v->low90 < v->low50 && v->low50 < v->loss && v->loss < v->high50);
        assert_true(v->high50 < v->high90);
        n_held += line->held_out_measured >= v->low90 && line->held_out_measured <= v->high90;
    }
    assert_close(score.covered90, (double)n_held / (double)n, 1e-15);
    assert_true(score.covered50 <= score.covered90);
    assert_status(rn_backtest_judge_held_out(1, NULL, 2.0, -1, 0.0, &score), RN_ERR_ARGUMENT);
    rn_backtest_clear(&test);
}

static void intervals_nest_and_hold_the_forecast(void **state)
{
    (void)state;
    rn_forecast *forecast = NULL;
    assert_status(rn_forecast_create(network, NULL, &forecast), RN_OK);
    const rn_forecast_answer *a = rn_forecast_answer_of(forecast);
    assert_int_equal(a->step, 600);
    assert_close(a->lines[a->n_lines - 1].factor, 10.0, 1e-9);
    for (rn_index k = 0; k < a->n_lines; k++)
        for (int m = 0; m < RN_FORECAST_METHODS; m++) {
            const rn_forecast_value *v = &a->lines[k].by[m];
            if (isnan(v->loss)) continue;
            assert_true(v->low90 < v->low50 && v->low50 < v->loss && v->loss < v->high50
                        && v->high50 < v->high90);
        }
    assert_non_null(strstr(a->sentence, "with 90 %"));
    rn_forecast_destroy(forecast);
}

static void a_run_without_spectra_has_curves_alone(void **state)
{
    (void)state;
    rn_forecast *forecast = NULL;
    assert_status(rn_forecast_create(blind, NULL, &forecast), RN_OK);
    const rn_forecast_answer *a = rn_forecast_answer_of(forecast);
    assert_int_equal(a->chosen, RN_FORECAST_POWER);
    assert_non_null(strstr(a->reason[RN_FORECAST_FROZEN], "no spectrum"));
    assert_true(isnan(a->lines[3].by[RN_FORECAST_TRANSPORT].loss));
    assert_true(a->lines[3].by[RN_FORECAST_LINE].loss > 0.0);
    rn_forecast_destroy(forecast);
}

static void back_tests_are_forecasts_from_earlier(void **state)
{
    (void)state;
    rn_backtest test = {0};
    rn_backtest_score score;
    rn_forecast *forecast = NULL;
    assert_status(rn_backtest_run(network, &test), RN_OK);
    assert_true(test.n_lines >= 6);
    for (rn_index k = 0; k < test.n_lines; k++) {
        const rn_backtest_line *line = &test.lines[k];
        const rn_forecast_options options = {.from = line->from, .to = line->factor * line->from};
        assert_true(line->step >= RN_BACKTEST_MIN_STEP && line->drift >= 0.0);
        assert_status(rn_forecast_create(network, &options, &forecast), RN_OK);
        const rn_forecast_answer *a = rn_forecast_answer_of(forecast);
        const rn_forecast_line *last = &a->lines[a->n_lines - 1];
        assert_close(last->by[RN_FORECAST_FROZEN].loss / line->by[RN_FORECAST_FROZEN].loss, 1.0,
                     1e-12);
        /* other times between are other steps of the integrator */
        assert_close(last->by[RN_FORECAST_TRANSPORT].loss / line->by[RN_FORECAST_TRANSPORT].loss,
                     1.0, 1e-3);
        assert_close(last->measured / line->measured, 1.0, 1e-9);
        rn_forecast_destroy(forecast);
    }
    assert_status(rn_backtest_judge(1, &test, RN_FORECAST_FROZEN, 2.0, -1, 0.0, &score), RN_OK);
    assert_true(score.n_lines >= 2 && score.n_told == score.n_lines);
    assert_true(score.covered90 >= score.covered50 && score.low <= score.median);
    rn_index none = score.n_lines;
    assert_status(rn_backtest_judge(1, &test, RN_FORECAST_FROZEN, 2.0, 1 - test.half, 0.0, &score),
                  RN_OK);
    assert_true(score.n_lines == 0 && none > 0);
    rn_backtest_clear(&test);
}

static void scores_count_what_was_not_told(void **state)
{
    (void)state;
    rn_backtest_line lines[4] = {{0}};
    const rn_backtest test = {.n_lines = 4, .lines = lines, .half = 1};
    rn_backtest_score score;
    for (int k = 0; k < 4; k++) {
        lines[k] = (rn_backtest_line){.factor = 4.0, .measured = 1.0, .drift = 0.1 * k};
        for (int m = 0; m < RN_FORECAST_METHODS; m++)
            lines[k].by[m].loss = (double)NAN;
    }
    for (int k = 0; k < 3; k++)
        lines[k].by[0] = (rn_forecast_value){.loss = exp(0.1 * (k + 1)),
                                             .low50 = 0.95,
                                             .high50 = k ? 1.2 : 0.99,
                                             .low90 = 0.5,
                                             .high90 = 2.0};
    assert_status(rn_backtest_judge(1, &test, RN_FORECAST_FROZEN, 4.0, 1, 0.0, &score), RN_OK);
    assert_int_equal(score.n_lines, 4);
    assert_int_equal(score.n_told, 3);
    assert_close(score.median, 0.25, 1e-12); /* of 0.1, 0.2, 0.3, infinity */
    assert_close(score.bias, 0.2, 1e-12);
    assert_close(score.covered50, 2.0 / 3.0, 1e-12);
    assert_close(score.covered90, 1.0, 1e-12);
    assert_status(rn_backtest_judge(1, &test, RN_FORECAST_FROZEN, 4.0, 1, 0.15, &score), RN_OK);
    assert_int_equal(score.n_lines, 2);
    assert_status(rn_backtest_judge(1, &test, RN_FORECAST_LINE, 4.0, 1, 0.0, &score), RN_OK);
    assert_true(isinf(score.median) && score.n_told == 0);
}

static void what_cannot_be_told_is_said(void **state)
{
    (void)state;
    rn_backtest test = {0};
    rn_forecast *forecast = NULL;
    assert_status(rn_backtest_run(brief, &test), RN_ERR_DOMAIN);
    assert_message_has("too short");
    const rn_forecast_options backwards = {.from = 5.0, .to = 1.0};
    assert_status(rn_forecast_create(network, &backwards, &forecast), RN_ERR_DOMAIN);
    const rn_forecast_options zero = {.from = 0.0, .to = (double)NAN};
    assert_status(rn_forecast_create(network, &zero, &forecast), RN_ERR_DOMAIN);
    assert_message_has("to which time");
    const rn_forecast_options before = {.from = -1.0, .to = 1.0};
    assert_status(rn_forecast_create(network, &before, &forecast), RN_ERR_DOMAIN);
    assert_status(rn_forecast_create(NULL, NULL, &forecast), RN_ERR_ARGUMENT);
    assert_null(forecast);
    assert_null(rn_forecast_method_name(RN_FORECAST_METHODS));
}

static void failing_memory_is_reported(void **state)
{
    (void)state;
    for (long nth = 1;; nth++) {
        rn_forecast *forecast = NULL;
        (void)rni_fail_allocation(nth);
        const rn_status status = rn_forecast_create(network, NULL, &forecast);
        const bool was_reached = rni_fail_allocation(0) >= nth;
        rn_forecast_destroy(forecast);
        if (!was_reached) break;
        assert_status(status, RN_ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_at_rest_is_forecast_exactly),
        cmocka_unit_test(a_forecast_knows_nothing_of_what_comes),
        cmocka_unit_test(a_matrix_free_run_is_forecast_like_an_exact_one),
        cmocka_unit_test(few_products_bound_the_exact_forecast),
        cmocka_unit_test(schedules_are_followed),
        cmocka_unit_test(plans_go_on_where_records_end),
        cmocka_unit_test(limits_are_told),
        cmocka_unit_test(held_out_losses_are_foretold),
        cmocka_unit_test(intervals_nest_and_hold_the_forecast),
        cmocka_unit_test(a_run_without_spectra_has_curves_alone),
        cmocka_unit_test(back_tests_are_forecasts_from_earlier),
        cmocka_unit_test(scores_count_what_was_not_told),
        cmocka_unit_test(what_cannot_be_told_is_said),
        cmocka_unit_test(failing_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, make_runs, remove_runs);
}
