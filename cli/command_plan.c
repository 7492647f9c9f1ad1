/*
 * renorm plan: what a run will take, before any work.
 */
#include <inttypes.h>
#include <math.h>
#include <renorm/cost.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "json.h"
#include "terminal.h"

#define MIB 1048576.0

static const flag flags[] = {
    {.name = "set",
     .value = "KEY=VALUE",
     .repeats = true,
     .help = "change a setting, as in --set model.depth=16; repeats"},
    {.name = "memory",
     .value = "SIZE",
     .help = "ask whether the run can stay below this, as in 500M or 2G"},
    {.name = "json", .help = "as JSON"},
};

/* ---- words ----------------------------------------------------------------------------------- */

/* Why a block is computed the way it is. */
static const char *reason(const rn_kernel_block *block)
{
    if (block->is_resting)
        return "follows batches and is not trained: the kernel has no part of it";
    if (block->shares_factors) return "comes with its weight at no cost";
    switch (block->order) {
    case RN_KERNEL_BOTH_GRAMS:
        return block->order_flops[1] > 0.0 || block->order_flops[2] > 0.0
                   ? "products of inputs times products of sensitivities: the fewest operations"
                   : "products of inputs times products of sensitivities";
    case RN_KERNEL_INPUT_GRAM:
        return "products of inputs first, then sensitivities: the fewest operations";
    case RN_KERNEL_ROW_GRADIENTS:
        return "gradients of each row, multiplied with each other: the fewest operations";
    case RN_KERNEL_RANK_ONE: return "a bias or scale: one number per row and output";
    case RN_KERNEL_ROWS: break;
    }
    return "used in a way without factors: one reverse pass per row";
}

static const char *order_of(const rn_kernel_block *block)
{
    return block->is_resting ? "none" : rn_kernel_order_name(block->order);
}

static void format_seconds(double seconds, char *text, size_t size)
{
    if (seconds < 0.0995)
        (void)snprintf(text, size, "%.3g ms", 1e3 * seconds);
    else if (seconds < 99.5)
        (void)snprintf(text, size, "%.2g s", seconds);
    else if (seconds < 7200.0)
        (void)snprintf(text, size, "%.0f min", seconds / 60.0);
    else
        (void)snprintf(text, size, "%.1f h", seconds / 3600.0);
}

static void put_line(const terminal *t, const char *name, const char *value, const char *note)
{
    if (t->is_terminal)
        printf("  %s%-14s%s %-14s %s%s%s\n", style_text(t, STYLE_STRONG), name,
               style_text(t, STYLE_PLAIN), value, style_text(t, STYLE_FAINT), note,
               style_text(t, STYLE_PLAIN));
    else
        printf("%s\t%s\t%s\n", name, value, note);
}

static void put_count(const terminal *t, const char *name, rn_index count, const char *note)
{
    char value[32];
    (void)snprintf(value, sizeof value, "%" PRId64, count);
    put_line(t, name, value, note);
}

static void put_bytes(const terminal *t, const char *name, rn_index bytes, const char *note)
{
    char value[32];
    (void)snprintf(value, sizeof value, "%.1f MiB", (double)bytes / MIB);
    put_line(t, name, value, note);
}

static void put_seconds(const terminal *t, const char *name, double seconds, const char *note)
{
    char value[32];
    format_seconds(seconds, value, sizeof value);
    put_line(t, name, value, note);
}

/* ---- the page -------------------------------------------------------------------------------- */

static void print_sizes(const terminal *t, const rn_cost_summary *s)
{
    put_count(t, "samples", s->n_samples, "N, training samples");
    put_count(t, "held out", s->n_held_out, "held-out samples");
    put_count(t, "outputs", s->n_outputs, "C");
    put_count(t, "weights", s->n_weights, "P");
    put_count(t, "rows", s->n_rows, "n, rows of the kernel: N x C");
    put_count(t, "threads", s->n_threads, "");
    if (s->is_coupled)
        put_line(t, "coupled", "yes", "the network mixes samples: the kernel goes row by row");
    if (s->is_matrix_free)
        put_line(t, "matrix-free", "yes", "products with the kernel, which is never there");
}

static void print_blocks(const terminal *t, const rn_cost *cost)
{
    for (rn_index i = 0; rn_cost_block(cost, i); i++) {
        const rn_kernel_block *block = rn_cost_block(cost, i);
        char note[160];
        (void)snprintf(note, sizeof note, "%.2g flop, %s", block->flops, reason(block));
        put_line(t, block->name ? block->name : "(no name)", order_of(block), note);
    }
}

static void print_memory(const terminal *t, const rn_cost_summary *s)
{
    put_bytes(t, "peak memory", s->peak_bytes, "of the process (VmHWM)");
    put_bytes(t, "  program", s->base_bytes, "with its libraries");
    put_bytes(t, "  set up", s->set_up_bytes, "data, network, trainer");
    put_bytes(t, "  measurement", s->kept_bytes, "held all the time");
    put_bytes(t, "    matrices", s->matrix_bytes, "of those, n x n");
    put_bytes(t, "  work", s->work_bytes,
              s->is_matrix_free ? "the Lanczos basis and gradients"
                                : "most of one operation: factors, eigensolver, flow");
    put_bytes(t, "  records", s->history_bytes, "at the end");
}

static void print_steps(const terminal *t, const rn_cost *cost, const rn_cost_summary *s)
{
    char steps[1024] = "at steps";
    size_t used = strlen(steps);
    for (rn_index i = 0; rn_cost_step(cost, i) >= 0 && used < sizeof steps - 32; i++)
        used +=
            (size_t)snprintf(steps + used, sizeof steps - used, " %" PRId64, rn_cost_step(cost, i));
    put_count(t, "measurements", s->n_scheduled, steps);
    if (!s->is_adaptive) return;
    put_count(t, "  up to", s->n_snapshots,
              "beside those, where the loss leaves the forecast of the last one");
    (void)snprintf(steps, sizeof steps,
                   "training steps as costly as one measurement, counted%s; timed just now: %.0f "
                   "(measure.price sets it)",
                   s->n_snapshots == 2 ? ", two are always taken" : "", s->snapshot_s / s->step_s);
    put_count(t, "  price", (rn_index)ceil(s->price), steps);
}

static void print_time(const terminal *t, const rn_cost_summary *s)
{
    char note[96];
    char one[32];
    put_seconds(t, "time", s->total_s, "of the whole run");
    put_seconds(t, "  set up", s->set_up_s, "");
    format_seconds(s->step_s, one, sizeof one);
    (void)snprintf(note, sizeof note, "%" PRId64 " steps of %s", s->n_steps, one);
    put_seconds(t, "  training", s->train_s, note);
    format_seconds(s->snapshot_s, one, sizeof one);
    (void)snprintf(note, sizeof note, "%" PRId64 " measurements of %s: %.3g %% of training",
                   s->n_snapshots, one, 100.0 * s->overhead);
    put_seconds(t, "  measuring", s->measure_s, note);
}

static void print_page(const rn_cost *cost, const rn_cost_summary *s)
{
    const terminal t = terminal_look(stdout);
    print_sizes(&t, s);
    print_blocks(&t, cost);
    print_memory(&t, s);
    print_steps(&t, cost, s);
    print_time(&t, s);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void print_blocks_json(json *j, const rn_cost *cost)
{
    json_open(j, "blocks", '[');
    for (rn_index i = 0; rn_cost_block(cost, i); i++) {
        const rn_kernel_block *block = rn_cost_block(cost, i);
        json_open(j, NULL, '{');
        json_text(j, "name", block->name);
        json_integer(j, "size", block->size);
        json_text(j, "order", order_of(block));
        json_text(j, "reason", reason(block));
        json_integer(j, "uses", block->n_uses);
        json_integer(j, "positions", block->positions);
        json_integer(j, "in_width", block->in_width);
        json_integer(j, "out_width", block->out_width);
        json_real(j, "flops", block->flops);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void print_numbers_json(json *j, const rn_cost_summary *s)
{
    const struct {
        const char *name;
        rn_index value;
    } counts[] = {{"n_samples", s->n_samples},
                  {"n_held_out", s->n_held_out},
                  {"n_outputs", s->n_outputs},
                  {"n_weights", s->n_weights},
                  {"n_rows", s->n_rows},
                  {"n_threads", s->n_threads},
                  {"n_steps", s->n_steps},
                  {"n_snapshots", s->n_snapshots},
                  {"n_scheduled", s->n_scheduled},
                  {"base_bytes", s->base_bytes},
                  {"set_up_bytes", s->set_up_bytes},
                  {"kept_bytes", s->kept_bytes},
                  {"matrix_bytes", s->matrix_bytes},
                  {"work_bytes", s->work_bytes},
                  {"history_bytes", s->history_bytes},
                  {"factor_bytes", s->factor_bytes},
                  {"peak_bytes", s->peak_bytes}};
    const struct {
        const char *name;
        double value;
    } reals[] = {{"kernel_flops", s->kernel_flops},
                 {"set_up_s", s->set_up_s},
                 {"step_s", s->step_s},
                 {"train_s", s->train_s},
                 {"snapshot_s", s->snapshot_s},
                 {"measure_s", s->measure_s},
                 {"total_s", s->total_s},
                 {"overhead", s->overhead},
                 {"price", s->price}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        json_integer(j, counts[i].name, counts[i].value);
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++)
        json_real(j, reals[i].name, reals[i].value);
    json_boolean(j, "is_coupled", s->is_coupled);
    json_boolean(j, "is_matrix_free", s->is_matrix_free);
    json_boolean(j, "is_adaptive", s->is_adaptive);
}

static void print_json(const rn_cost *cost, const rn_cost_summary *s)
{
    json j = {.stream = stdout};
    json_open(&j, NULL, '{');
    print_numbers_json(&j, s);
    print_blocks_json(&j, cost);
    json_open(&j, "steps", '[');
    for (rn_index i = 0; rn_cost_step(cost, i) >= 0; i++)
        json_integer(&j, NULL, rn_cost_step(cost, i));
    json_close(&j, ']');
    json_close(&j, '}');
    printf("\n");
}

/* ---- the command ----------------------------------------------------------------------------- */

static exit_status look(const arguments *given, const rn_config *config)
{
    rn_cost_options options = {0};
    rn_cost_summary summary;
    rn_cost *cost = NULL;
    if (!parse_size("memory", argument_value(&command_plan, given, "memory"), &options.max_bytes))
        return EXIT_USAGE;
    const rn_status status = rn_cost_create(config, &options, NULL, &cost);
    if (status != RN_OK) return report_failure(status);
    rn_cost_get(cost, &summary);
    if (argument_value(&command_plan, given, "json"))
        print_json(cost, &summary);
    else
        print_page(cost, &summary);
    rn_cost_destroy(cost);
    return EXIT_DONE;
}

static exit_status run(const arguments *given)
{
    rn_config *config = NULL;
    const rn_status status =
        rn_config_load(given->operands[0], given->n_repeated, given->repeated, &config);
    if (status < 0) {
        if (status != RN_ERR_CONFIG) return report_failure(status);
        fprintf(stderr, "%s\n", rn_last_message());
        return EXIT_USAGE;
    }
    const exit_status result = look(given, config);
    rn_config_destroy(config);
    return result;
}

const command command_plan = {
    .name = "plan",
    .operands = "CONFIG.yaml",
    .min_operands = 1,
    .max_operands = 1,
    .help = "memory and time a run will need, before any work",
    .more = "Loads the data and builds the network, trains a copy for a moment, and writes\n"
            "nothing. For every parameter it says in which order its part of the kernel is\n"
            "computed, and why. With --memory the kernel is computed in smaller blocks, with\n"
            "the same results, until the run fits; where it cannot, the message says what to\n"
            "change.\n"
            "\n"
            "Exit status: 0 the plan, 2 wrong usage or configuration, or it does not fit,\n"
            "3 failed.",
    .flags = flags,
    .n_flags = (int)(sizeof flags / sizeof flags[0]),
    .run = run,
};
