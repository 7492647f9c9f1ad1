/*
 * How narrow an interval can be: measures on lambda >= 0 that share all moments with the truth, and
 * yet hold more, or less, of it between two cuts. Each is a Jacobi matrix whose leading part is
 * that of the rule, with rows below it chosen so that nodes stand at one or both cuts. Whatever the
 * guaranteed interval of a shell is, it must hold them all; and a shell in which they differ by a
 * fifth of the truth cannot be guaranteed to 10 % by anyone from the moments.
 */
#include <math.h>
#include <renorm/shell_bounds.h>
#include <string.h>

#include "check.h"
#include "known_measure.h"

enum { N_STEPS = 200, N_SHELLS = 19 };

/* A rule with up to two rows more. */
typedef struct extended {
    rn_jacobi rule;
    double diagonal[N_STEPS + 2];
    double coupling[N_STEPS + 2];
} extended;

/* The least and the most that was found possible between two cuts. */
typedef struct range {
    double least, most;
    int n_measures;
} range;

/* Last pivot of T - z, and how many are negative. */
static double pivot_of(const rn_jacobi *rule, double z, int *n_negative)
{
    double pivot = 1.0;
    *n_negative = 0;
    for (rn_index i = 0; i < rule->n; i++) {
        const double b = i > 0 ? rule->coupling[i - 1] : 0.0;
        pivot = rule->diagonal[i] - z - b * b / pivot;
        *n_negative += pivot < 0.0;
    }
    return pivot;
}

static void extend(const rn_jacobi *rule, int n_rows, const double *coupling, const double *last,
                   extended *out)
{
    const size_t n = (size_t)rule->n;
    memcpy(out->diagonal, rule->diagonal, n * sizeof *out->diagonal);
    memcpy(out->coupling, rule->coupling, n * sizeof *out->coupling);
    for (size_t r = 0; r < (size_t)n_rows; r++) {
        out->coupling[n + r - 1] = coupling[r];
        out->diagonal[n + r] = last[r];
    }
    out->rule = *rule;
    out->rule.n = rule->n + n_rows;
    out->rule.diagonal = out->diagonal;
    out->rule.coupling = out->coupling;
    out->coupling[n + (size_t)n_rows - 1] = 0.0;
}

/* Takes a measure in, if it is one on lambda >= 0: nodes within rounding of a cut count as there,
   in the most and not in the least. */
static void take(const extended *e, double x, double y, range *r)
{
    double nodes[N_STEPS + 2];
    double weights[N_STEPS + 2];
    double inside = 0.0;
    double edge = 0.0;
    assert_status(rn_jacobi_gauss(&e->rule, nodes, weights, NULL), RN_OK);
    if (nodes[0] < -1e-12 * x) return; /* x: the smallest scale that matters here */
    for (rn_index i = 0; i < e->rule.n; i++) {
        const bool is_edge = fabs(nodes[i] - x) < 1e-8 * x || fabs(nodes[i] - y) < 1e-8 * y;
        if (is_edge)
            edge += weights[i];
        else if (nodes[i] > x && nodes[i] < y)
            inside += weights[i];
    }
    r->least = fmin(r->least, inside);
    r->most = fmax(r->most, inside + edge);
    r->n_measures++;
}

/* Node at one cut z: moments up to 2k. */
static void with_node(const rn_jacobi *rule, double z, double x, double y, range *r)
{
    extended e;
    int n_negative = 0;
    const double b = rule->coupling[rule->n - 1];
    const double last = z + b * b / pivot_of(rule, z, &n_negative);
    extend(rule, 1, &b, &last, &e);
    take(&e, x, y, r);
}

/* Nodes at z and y: moments up to 2k - 1, and no more than the next one (the rest is far away). */
static void with_two_nodes(const rn_jacobi *rule, double z, double w, double x, double y, range *r)
{
    extended e;
    int n_negative = 0;
    const double b = rule->coupling[rule->n - 1];
    const double at_z = pivot_of(rule, z, &n_negative);
    const double at_w = pivot_of(rule, w, &n_negative);
    const double square = (w - z) / (1.0 / at_z - 1.0 / at_w);
    if (!(square > 0.0 && square <= b * b)) return;
    const double coupling = sqrt(square);
    const double last = z + square / at_z;
    extend(rule, 1, &coupling, &last, &e);
    take(&e, x, y, r);
}

/* Nodes at 0, x and y: moments up to 2k. With q(z) = z + b^2/r(z) and the new rows (b, a) and
   (beta, c), (c - z)(a - q(z)) = beta^2 at the three. */
static void with_three_nodes(const rn_jacobi *rule, double x, double y, range *r)
{
    extended e;
    int n_negative = 0;
    const double b = rule->coupling[rule->n - 1];
    const double q_0 = b * b / pivot_of(rule, 0.0, &n_negative);
    const double q_x = x + b * b / pivot_of(rule, x, &n_negative);
    const double q_y = y + b * b / pivot_of(rule, y, &n_negative);
    const double det = (q_x - q_0) * y - (q_y - q_0) * x;
    const double c = x * y * (q_x - q_y) / det;
    const double a = ((q_x - q_0) * y * q_y - (q_y - q_0) * x * q_x) / det;
    if (!(c > 0.0 && a > q_0)) return;
    const double coupling[] = {b, sqrt(c * (a - q_0))};
    const double last[] = {a, c};
    extend(rule, 2, coupling, last, &e);
    take(&e, x, y, r);
}

static range possible_between(const rn_jacobi *rule, double x, double y)
{
    range r = {.least = rule->mass};
    with_node(rule, x, x, y, &r);
    with_node(rule, y, x, y, &r);
    with_two_nodes(rule, 0.0, x, x, y, &r);
    with_two_nodes(rule, 0.0, y, x, y, &r);
    with_two_nodes(rule, x, y, x, y, &r);
    with_three_nodes(rule, x, y, &r);
    return r;
}

/* lambda falls as a power of the rank over 19 shells, 5.4 decades, and g^2 = rank^-source. */
static void make_power_law(double source, rn_index n, rn_shell_grid *grid, known_measure *m)
{
    const double width = 5.4 * log(10.0) / N_SHELLS;
    *grid = (rn_shell_grid){.width = width, .low = -N_SHELLS, .high = 1};
    known_measure_make(MEASURE_POWER_LAW, n, 1, m);
    for (rn_index u = 0; u < n; u++) {
        const double rank = (double)(u + 1);
        m->lambda[u] = exp(-width * (0.02 + (N_SHELLS - 0.04) * log(rank) / log((double)n)));
        m->e[u] = pow(rank, -0.5 * source);
    }
}

/* Shells guaranteed to 10 %, and those that cannot be. */
typedef struct tally {
    int n_guaranteed;
    int n_impossible;
} tally;

static tally tell(double source, rn_index n)
{
    known_measure m;
    rn_shell_grid grid;
    rn_lanczos *lanczos = NULL;
    rn_shell_bounds bounds = {0};
    tally t = {0};
    make_power_law(source, n, &grid, &m);
    assert_status(rn_lanczos_create(m.op, m.e, N_STEPS, &lanczos), RN_OK);
    assert_status(rn_lanczos_extend(lanczos, N_STEPS), RN_OK);
    const rn_jacobi rule = rn_lanczos_rule(lanczos, N_STEPS);
    assert_status(rn_shell_bounds_measure(&grid, &rule, 1, &bounds), RN_OK);
    for (rn_index b = 0; b < N_SHELLS; b++) {
        const double x = exp(grid.width * (double)(grid.low + b));
        const double y = x * exp(grid.width);
        const double truth = known_measure_above(&m, x, 0) - known_measure_above(&m, y, 0);
        const range r = possible_between(&rule, x, y);
        const double low = 2.0 * bounds.energy_sharp_low[b]; /* energy is mass/2 */
        const double high = 2.0 * bounds.energy_sharp_high[b];
        assert_true(r.n_measures >= 2);
        /* weights of Jacobi matrices this large agree to 1e-12 of the mass */
        assert_true(low <= r.least + 1e-12 * rule.mass);
        assert_true(high >= r.most - 1e-12 * rule.mass);
        t.n_guaranteed += high - low <= 0.2 * truth;
        t.n_impossible += r.most - r.least > 0.2 * truth;
    }
    print_message("%d eigenvalues, g^2 as rank^-%g: %d of %d shells guaranteed to 10 %%, %d cannot "
                  "be\n",
                  (int)n, source, t.n_guaranteed, N_SHELLS, t.n_impossible);
    rn_shell_bounds_clear(&bounds);
    rn_lanczos_destroy(lanczos);
    known_measure_clear(&m);
    return t;
}

static void intervals_are_nearly_the_narrowest(void **state)
{
    (void)state;
    static const struct {
        rn_index n;
        int least_guaranteed, least_impossible;
    } cases[] = {{800, 17, 0}, {1500, 15, 3}, {500, 17, 0}, {4000, 13, 5}};
    const int n_cases = check_cases(2);
    for (int i = 0; i < n_cases && i < 4; i++)
        for (int source = 0; source <= 2; source++) {
            const tally t = tell(source, cases[i].n);
            assert_true(t.n_guaranteed >= cases[i].least_guaranteed);
            assert_true(t.n_impossible >= cases[i].least_impossible);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(intervals_are_nearly_the_narrowest)};
    return cmocka_run_group_tests_name("possible shells", tests, NULL, NULL);
}
