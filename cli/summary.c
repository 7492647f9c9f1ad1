/*
 * The page at the end of a run, for someone who has never seen a shell.
 *
 * Shells are gathered into at most MAX_ROWS rows of neighbours. A row's dissipation is what is
 * lost inside it, D(lower) - D(upper); its migration and transfer are what flows in at the lower
 * edge less what flows out at the upper one, so that in every row
 * energy changes by -dissipation + migration + transfer (+ drive).
 */
#include "summary.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define MAX_ROWS    14
#define BAR_COLUMNS 7
#define N_SPARKS    20
#define SPARK_SIZE  (3 * N_SPARKS + 1)
#define NUMBER_SIZE 48

/* Rows with less than this share of the energy, now and at the start, at either end of the
   spectrum are gathered into the row beside them. */
#define LEAST_SHARE 5e-4

/* Step size times largest eigenvalue from which the reader is warned; descent is unstable at 2. */
#define EDGE 1.8

/* Boundaries lower .. upper of a snapshot, lower < upper. */
typedef struct row {
    rn_index lower;
    rn_index upper;
    bool is_top;    /* gathers everything above its lower edge */
    bool is_bottom; /* gathers everything below its upper edge */
} row;

typedef struct page {
    const terminal *t;
    const rn_run *run;
    const rn_snapshot *first;
    const rn_snapshot *last;
    rn_summary summary;
    row rows[MAX_ROWS];
    int n_rows;
} page;

static const char *style_of(const page *p, style wanted)
{
    return style_text(p->t, wanted);
}

/* The index in `to` of boundary i of `from`: grids grow, boundaries never move. -1: not there. */
static rn_index same_boundary(const rn_snapshot *from, rn_index i, const rn_snapshot *to)
{
    const rn_index shift = (rn_index)llround((from->s[0] - to->s[0]) / from->width);
    const rn_index found = i + shift;
    return found >= 0 && found < to->n_boundaries ? found : -1;
}

/* Energy between two boundaries of `last`, in snapshot `at`; NaN entries count as nothing. */
static double row_energy(const page *p, const rn_snapshot *at, const row *r)
{
    double sum = 0.0;
    for (rn_index i = r->lower; i < r->upper; i++) {
        const rn_index here = same_boundary(p->last, i, at);
        if (here >= 0 && here + 1 < at->n_boundaries && isfinite(at->energy[here]))
            sum += at->energy[here];
    }
    return sum;
}

static double known(double value)
{
    return isfinite(value) ? value : 0.0;
}

/* A quantity "above s" at a boundary; below the rounding floor it is what the lowest measured
   boundary has. */
static double above_at(const rn_snapshot *at, const double *above, rn_index i)
{
    while (i + 1 < at->n_boundaries && !isfinite(above[i]))
        i++;
    return known(above[i]);
}

/* What a quantity given "above s" holds between the edges of a row. */
static double between(const rn_snapshot *at, const double *above, const row *r)
{
    if (!above) return (double)NAN;
    return above_at(at, above, r->lower) - above_at(at, above, r->upper);
}

/* ---- choosing rows ----------------------------------------------------------------------------
 */

static bool is_small(const page *p, rn_index i)
{
    const row r = {.lower = i, .upper = i + 1};
    return row_energy(p, p->first, &r) < LEAST_SHARE * p->first->record.loss
           && row_energy(p, p->last, &r) < LEAST_SHARE * p->last->record.loss;
}

static void choose_rows(page *p)
{
    rn_index low = 0;
    rn_index high = p->last->n_boundaries - 1;
    while (high - low > 1 && is_small(p, high - 1))
        high--;
    while (high - low > 1 && is_small(p, low))
        low++;
    const rn_index per_row = (high - low + MAX_ROWS - 1) / MAX_ROWS;
    for (rn_index upper = high; upper > low; upper -= per_row) {
        const rn_index lower = upper - per_row > low ? upper - per_row : low;
        p->rows[p->n_rows++] = (row){.lower = lower, .upper = upper};
    }
    /* the outermost rows reach to the ends, so that no energy is left out */
    p->rows[0].is_top = true;
    p->rows[0].upper = p->last->n_boundaries - 1;
    p->rows[p->n_rows - 1].is_bottom = true;
    p->rows[p->n_rows - 1].lower = 0;
}

/* ---- parts of the page ------------------------------------------------------------------------
 */

/* At most seven characters: "0.123", "1.2e-3", "+1.2e-3", "+1e-12", "0"; "-" for what was not
   measured. */
static void small_number(double value, bool has_sign, char text[NUMBER_SIZE])
{
    char digits[NUMBER_SIZE / 2];
    if (!isfinite(value)) {
        (void)snprintf(text, NUMBER_SIZE, "-");
        return;
    }
    if (!(value < 0.0) && !(value > 0.0)) {
        (void)snprintf(text, NUMBER_SIZE, "0");
        return;
    }
    if (fabs(value) >= 0.01 && fabs(value) < 999.5) {
        (void)snprintf(text, NUMBER_SIZE, has_sign ? "%+.3g" : "%.3g", value);
        return;
    }
    const bool is_far = fabs(value) < 1e-9 || fabs(value) >= 1e10;
    (void)snprintf(digits, sizeof digits, has_sign ? "%+.*e" : "%.*e", is_far ? 0 : 1, value);
    char *power = strchr(digits, 'e');
    const bool is_negative = power[1] == '-';
    const char *exponent = power + 2;
    while (exponent[0] == '0' && exponent[1])
        exponent++;
    *power = 0;
    (void)snprintf(text, NUMBER_SIZE, "%se%s%s", digits, is_negative ? "-" : "", exponent);
}

/* The loss over the run, each column the last record of its part of the steps, on a log scale. */
static void spark_text(const page *p, char *text)
{
    static const char *const levels[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                         "\u2585", "\u2586", "\u2587", "\u2588"};
    const rn_index n_records = rn_run_n_records(p->run);
    text[0] = 0;
    if (!p->t->has_unicode || n_records < 2) return;
    double low = (double)INFINITY;
    double high = -(double)INFINITY;
    for (rn_index i = 0; i < n_records; i++) {
        const double loss = log(rn_run_record(p->run, i)->loss);
        if (!isfinite(loss)) continue;
        low = fmin(low, loss);
        high = fmax(high, loss);
    }
    if (!(high > low)) return;
    char *next = text;
    for (int column = 0; column < N_SPARKS; column++) {
        const rn_index i = (n_records - 1) * column / (N_SPARKS - 1);
        const double height = (log(rn_run_record(p->run, i)->loss) - low) / (high - low);
        const int level = isfinite(height) ? (int)fmin(7.0, floor(8.0 * height)) : 0;
        next = stpcpy(next, levels[level]);
    }
}

static void print_title(const page *p, const rn_config *config)
{
    const rn_summary *s = &p->summary;
    FILE *out = p->t->stream;
    fprintf(out, "\n  %s%s%s", style_of(p, STYLE_STRONG), rn_config_name(config),
            style_of(p, STYLE_PLAIN));
    fprintf(out,
            "   %" PRId64 " weights, %" PRId64 " samples x %" PRId64 " outputs, %" PRId64
            " steps%s\n\n",
            s->n_weights, s->n_samples, s->n_outputs, s->n_steps,
            s->is_interrupted ? " (stopped early)" : "");
}

/* The last record with a held-out evaluation (or an accuracy), the very last where there is none.
 */
static const rn_record *last_evaluation(const page *p)
{
    const rn_index n_records = rn_run_n_records(p->run);
    for (rn_index i = n_records - 1; i >= 0; i--) {
        const rn_record *record = rn_run_record(p->run, i);
        if (isfinite(record->held_out_loss) || isfinite(record->accuracy)) return record;
    }
    return rn_run_record(p->run, n_records - 1);
}

static void print_accuracy(const page *p, double from, double to)
{
    const char *arrow = p->t->has_unicode ? "\u2192" : "->";
    if (isfinite(from))
        fprintf(p->t->stream, "  accuracy %3.0f %% %s %.0f %%", 100.0 * from, arrow, 100.0 * to);
    fprintf(p->t->stream, "\n");
}

static void print_losses(const page *p)
{
    const rn_record *a = &p->first->record;
    const rn_record *b = rn_run_record(p->run, rn_run_n_records(p->run) - 1);
    const rn_record *e = last_evaluation(p);
    const char *arrow = p->t->has_unicode ? "\u2192" : "->";
    char spark[SPARK_SIZE];
    FILE *out = p->t->stream;
    spark_text(p, spark);
    fprintf(out, "  loss      %s%9.4g%s %s %s%-9.4g%s %s%s%s", style_of(p, STYLE_STRONG), a->loss,
            style_of(p, STYLE_PLAIN), arrow, style_of(p, STYLE_STRONG), b->loss,
            style_of(p, STYLE_PLAIN), style_of(p, STYLE_ACCENT), spark, style_of(p, STYLE_PLAIN));
    print_accuracy(p, a->accuracy, e->accuracy);
    if (!isfinite(a->held_out_loss)) return;
    fprintf(out, "  held-out  %9.4g %s %-9.4g %*s", a->held_out_loss, arrow, e->held_out_loss,
            spark[0] ? N_SPARKS : 0, "");
    print_accuracy(p, a->held_out_accuracy, e->held_out_accuracy);
}

/* "  -2.1  -1.4" and the rate in the middle; open ends as dots. */
static void print_edges(const page *p, const row *r)
{
    FILE *out = p->t->stream;
    char rate[NUMBER_SIZE];
    const char *open = p->t->has_unicode ? "    \u2026" : "   ..";
    const double low = p->last->s[r->lower];
    const double high = p->last->s[r->upper];
    if (r->is_bottom)
        fprintf(out, " %s", open);
    else
        fprintf(out, " %5.1f", low);
    if (r->is_top)
        fprintf(out, " %s", open);
    else
        fprintf(out, " %5.1f", high);
    small_number(exp(r->is_bottom ? high : r->is_top ? low : 0.5 * (low + high)), false, rate);
    fprintf(out, " %s%6s", r->is_bottom ? "<" : r->is_top ? ">" : " ", rate);
}

static void print_row(const page *p, const row *r, double scale)
{
    const rn_snapshot *last = p->last;
    FILE *out = p->t->stream;
    char bars[2][BAR_SIZE];
    char numbers[4][NUMBER_SIZE];
    const double before = row_energy(p, p->first, r) / p->first->record.loss;
    const double after = row_energy(p, last, r) / last->record.loss;
    double flux = 0.0;
    double density = 0.0;
    for (rn_index i = r->lower; i <= r->upper; i++) {
        if (!last->flux || !isfinite(last->flux[i]) || !isfinite(last->density[i])) continue;
        flux += last->flux[i];
        density += last->density[i];
    }
    bar_text(p->t, before / scale, BAR_COLUMNS, bars[0]);
    bar_text(p->t, after / scale, BAR_COLUMNS, bars[1]);
    small_number(between(last, last->dissipation, r), false, numbers[0]);
    small_number(between(last, last->migration, r), true, numbers[1]);
    small_number(between(last, last->transfer, r), true, numbers[2]);
    small_number(density > 0.0 ? flux / density : (double)NAN, true, numbers[3]);
    print_edges(p, r);
    fprintf(out, "  %s%s%s%3.0f%%  %s%s%s%3.0f%%  %6s %7s %7s %7s\n", style_of(p, STYLE_FAINT),
            bars[0], style_of(p, STYLE_PLAIN), 100.0 * before, style_of(p, STYLE_ACCENT), bars[1],
            style_of(p, STYLE_PLAIN), 100.0 * after, numbers[0], numbers[1], numbers[2],
            numbers[3]);
}

static void print_table(const page *p)
{
    FILE *out = p->t->stream;
    double scale = 0.0;
    char number[NUMBER_SIZE];
    for (int i = 0; i < p->n_rows; i++) {
        scale = fmax(scale, row_energy(p, p->first, &p->rows[i]) / p->first->record.loss);
        scale = fmax(scale, row_energy(p, p->last, &p->rows[i]) / p->last->record.loss);
    }
    fprintf(out,
            "\n  %sShells at step %" PRId64 "%s: the error, sorted by how fast it is learned\n\n",
            style_of(p, STYLE_STRONG), p->last->record.step, style_of(p, STYLE_PLAIN));
    fprintf(out,
            "%s s = ln lambda  rate    share of the error       lost     gained by    velocity\n"
            "   from    to  lambda    at start        now         D migrat. transf.       w%s\n",
            style_of(p, STYLE_FAINT), style_of(p, STYLE_PLAIN));
    for (int i = 0; i < p->n_rows; i++)
        print_row(p, &p->rows[i], scale);
    small_number(p->last->null_energy, false, number);
    fprintf(out, "%s %s: %s of %.4g\n\n", style_of(p, STYLE_FAINT),
            isfinite(p->last->lanczos_steps) ? "not resolved, below all shells"
                                             : "below the rounding floor",
            number, p->last->record.loss);
    fprintf(out,
            " D lost per time; migrat. gained per time as eigenvalues move, transf. as\n"
            " eigenvectors turn; w the speed along s that carries it, per time%s\n",
            style_of(p, STYLE_PLAIN));
}

/* Largest magnitude of an array over boundaries that are known. */
static double largest(rn_index count, const double *values)
{
    double found = 0.0;
    for (rn_index i = 0; values && i < count; i++)
        found = fmax(found, fabs(known(values[i])));
    return found;
}

/* Learning rate-weighted middle of the error: the mean of s over the energy of the shells. */
static double mean_s(const rn_snapshot *at)
{
    double sum = 0.0;
    double total = 0.0;
    for (rn_index i = 0; i + 1 < at->n_boundaries; i++) {
        sum += known(at->energy[i]) * 0.5 * (at->s[i] + at->s[i + 1]);
        total += known(at->energy[i]);
    }
    return total > 0.0 ? sum / total : (double)NAN;
}

/* Two significant digits without an exponent where that is readable: 210, 3500. */
static void round_number(double value, char text[NUMBER_SIZE])
{
    if (value < 10.0 || value >= 1e7) {
        (void)snprintf(text, NUMBER_SIZE, "%.2g", value);
        return;
    }
    const double unit = pow(10.0, floor(log10(value)) - 1.0);
    (void)snprintf(text, NUMBER_SIZE, "%.0f", unit * round(value / unit));
}

/* Time of one of the last steps: with momentum more than the learning rate. */
static double last_step_time(const page *p)
{
    const rn_index n = rn_run_n_records(p->run);
    if (n < 2) return p->last->record.learning_rate;
    const rn_record *a = rn_run_record(p->run, n - 2);
    const rn_record *b = rn_run_record(p->run, n - 1);
    return (b->time - a->time) / (double)(b->step - a->step);
}

static void tell_learning(const page *p)
{
    const double left = p->last->record.loss / p->first->record.loss;
    const double rate = exp(mean_s(p->last));
    const double step = last_step_time(p);
    FILE *out = p->t->stream;
    char steps[NUMBER_SIZE];
    fprintf(out, "  %.4g %% of the error is learned.", 100.0 * (1.0 - left));
    if (isfinite(rate) && step > 0.0) {
        round_number(1.0 / (rate * step), steps);
        fprintf(out,
                " What is left sits around lambda = %.2g:\n"
                "  at that rate it takes some %s more steps to shrink by e.",
                rate, steps);
    }
    fprintf(out, "\n");
}

/* Near 2 the top mode bounces instead of decaying, and finite steps outweigh the flux. */
static void tell_stability(const page *p)
{
    const double product = p->last->lambda_max * p->last->record.learning_rate;
    if (product < EDGE) return;
    fprintf(p->t->stream,
            "  Step size times largest lambda is %.2g (plain descent is unstable at 2): steps\n"
            "  are too long for what flux and velocity say about continuous time.\n",
            product);
}

/* The snapshot where flux was largest compared with dissipation, and by how much. */
static double strongest_flux(const page *p, const rn_snapshot **where)
{
    double strongest = 0.0;
    for (rn_index i = 0; i < rn_run_n_snapshots(p->run); i++) {
        const rn_snapshot *at = rn_run_snapshot(p->run, i);
        const double lost = largest(at->n_boundaries, at->dissipation);
        const double ratio = lost > 0.0 ? largest(at->n_boundaries, at->flux) / lost : 0.0;
        if (ratio <= strongest) continue;
        strongest = ratio;
        *where = at;
    }
    return strongest;
}

static void tell_transport(const page *p)
{
    const rn_snapshot *at = NULL;
    const double ratio = strongest_flux(p, &at);
    FILE *out = p->t->stream;
    if (!at) return;
    rn_index peak = 0;
    for (rn_index i = 0; i < at->n_boundaries; i++)
        if (fabs(known(at->flux[i])) > fabs(known(at->flux[peak])) || !isfinite(at->flux[peak]))
            peak = i;
    const double moved = largest(at->n_boundaries, at->migration);
    const double turned = largest(at->n_boundaries, at->transfer);
    fprintf(out,
            "  Error moved through the spectrum most at step %" PRId64 ": %s,\n"
            "  %.2g times what was lost per time, mostly because %s.\n",
            at->record.step, at->flux[peak] > 0.0 ? "to faster modes" : "to slower modes", ratio,
            moved > turned ? "eigenvalues moved" : "eigenvectors turned");
}

/* Share of the loss in shells whose guaranteed interval is within 10 % either way. */
static double guaranteed_share(const rn_snapshot *at)
{
    double sum = 0.0;
    for (rn_index i = 0; i + 1 < at->n_boundaries; i++)
        if (at->energy_high[i] - at->energy_low[i] <= 0.2 * at->energy[i]) sum += at->energy[i];
    return sum / at->record.loss;
}

/* What a matrix-free measurement does not know. */
static void tell_quadrature(const page *p)
{
    FILE *out = p->t->stream;
    double guaranteed = 1.0;
    double spread = 0.0;
    double unresolved = 0.0;
    double flux = 0.0;
    for (rn_index k = 0; k < rn_run_n_snapshots(p->run); k++) {
        const rn_snapshot *at = rn_run_snapshot(p->run, k);
        const double loss = at->record.loss;
        double sum = 0.0;
        if (!isfinite(at->lanczos_steps)) continue;
        for (rn_index i = 0; i + 1 < at->n_boundaries; i++)
            sum += fmin(known(at->energy_spread[i]), at->energy[i]) / loss;
        const double most = largest(at->n_boundaries, at->flux);
        guaranteed = fmin(guaranteed, guaranteed_share(at));
        spread = fmax(spread, sum);
        unresolved = fmax(unresolved, at->null_energy / loss);
        if (most > 0.0) flux = fmax(flux, largest(at->n_boundaries, at->flux_error) / most);
    }
    fprintf(out,
            "  %sKnown%s    at every measurement: shells with %.0f %% of the error are\n"
            "           guaranteed to 10 %%; their errors, as calibrated, add up to %.1f %%;\n"
            "           %.1f %% of the error lies below all shells, not resolved\n",
            style_of(p, STYLE_STRONG), style_of(p, STYLE_PLAIN), 100.0 * guaranteed, 100.0 * spread,
            100.0 * unresolved);
    if (flux > 0.0)
        fprintf(out,
                "           flux from half the %.0f products differs by %.1f %% of the largest\n",
                p->last->lanczos_steps, 100.0 * flux);
}

static void tell_closure(const page *p)
{
    double error = 0.0;
    double floor = 0.0;
    double mismatch = 0.0;
    double kinks = 0.0;
    FILE *out = p->t->stream;
    for (rn_index i = 0; i < rn_run_n_snapshots(p->run); i++) {
        const rn_snapshot *at = rn_run_snapshot(p->run, i);
        if (known(at->closure_error) > error) {
            error = at->closure_error;
            floor = at->closure_floor;
        }
        mismatch = fmax(mismatch, known(at->step_mismatch));
        kinks = fmax(kinks, known(at->kink_share));
    }
    const bool closes = error <= fmax(1e-6, 10.0 * floor) || p->summary.has_kinks;
    fprintf(out,
            "  %sBudget%s   change = gained - lost, closes to %s%.1e%s (rounding alone: %.0e)\n",
            style_of(p, STYLE_STRONG), style_of(p, STYLE_PLAIN),
            style_of(p, closes ? STYLE_GOOD : STYLE_BAD), error, style_of(p, STYLE_PLAIN), floor);
    if (mismatch > 0.0)
        fprintf(out, "           each finite step, line by line, adds up to %.1e\n", mismatch);
    if (p->summary.has_kinks)
        fprintf(out, "           kink line: the tangent misses %.0f %% of the exact flux%s\n",
                100.0 * kinks,
                kinks > 0.1 ? "\n           above 10 %: flux and velocity cannot be told" : "");
}

static void print_files(const page *p)
{
    FILE *out = p->t->stream;
    if (!p->summary.folder) return;
    fprintf(out, "\n  %sFiles%s  ", style_of(p, STYLE_STRONG), style_of(p, STYLE_PLAIN));
    fprintf(out, " %s\n", p->summary.folder);
    int column = 0;
    for (rn_index i = 0; rn_run_file(p->run, i); i++) {
        const char *name = rn_run_file(p->run, i);
        const int length = (int)strlen(name) + 2;
        if (column == 0 || column + length > p->t->width) {
            fprintf(out, "%s          ", column ? "\n" : "");
            column = 10;
        }
        fprintf(out, "%s  ", name);
        column += length;
    }
    fprintf(out, "\n");
}

/* Time, memory and threads. A run that was only read back took none of these now. */
static void tell_cost(const page *p)
{
    FILE *out = p->t->stream;
    const rn_summary *s = &p->summary;
    fprintf(out, "\n  %.*f s training, %.*f s measuring %" PRId64 " times (%.0f %%)",
            s->train_s < 10.0, s->train_s, s->measure_s < 10.0, s->measure_s,
            rn_run_n_snapshots(p->run), 100.0 * s->measure_s / s->train_s);
    if (s->process_peak_bytes > 0 && !s->was_done)
        fprintf(out, ", %.0f MB", (double)s->process_peak_bytes / 1e6);
    fprintf(out, ", %d thread%s\n", s->n_threads, s->n_threads > 1 ? "s" : "");
}

void print_summary(const terminal *t, const rn_config *config, const rn_run *run)
{
    page p = {.t = t, .run = run};
    rn_run_summary(run, &p.summary);
    const rn_index n_snapshots = rn_run_n_snapshots(run);
    if (n_snapshots == 0) {
        fprintf(t->stream, "renorm: nothing was measured\n");
        return;
    }
    p.first = rn_run_snapshot(run, 0);
    p.last = rn_run_snapshot(run, n_snapshots - 1);
    print_title(&p, config);
    print_losses(&p);
    if (p.last->n_boundaries > 1) {
        choose_rows(&p);
        print_table(&p);
        fprintf(t->stream, "\n");
        if (isfinite(p.last->lanczos_steps))
            tell_quadrature(&p);
        else
            tell_closure(&p);
        fprintf(t->stream, "\n");
        tell_learning(&p);
        tell_transport(&p);
        tell_stability(&p);
    }
    print_files(&p);
    tell_cost(&p);
}
