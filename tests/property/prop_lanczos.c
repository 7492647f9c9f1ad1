/*
 * Lanczos quadrature on measures that are known: moments of the Gauss rule, guaranteed intervals of
 * the mass above a cut (they hold, and they are inside those that Gauss nodes alone give), the
 * transformed rule of lambda mu, breakdown.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"
#include "known_measure.h"

enum { MOST_STEPS = 200, MOST_CUTS = 64 };

typedef struct cuts {
    rn_index n;
    double x[MOST_CUTS];
    double low[MOST_CUTS];
    double high[MOST_CUTS];
} cuts;

/* Cuts at powers of two over the whole spectrum. */
static void choose_cuts(const known_measure *m, cuts *c)
{
    double top = 0.0;
    double bottom = (double)INFINITY;
    for (rn_index u = 0; u < m->n; u++) {
        top = fmax(top, m->lambda[u]);
        bottom = fmin(bottom, m->lambda[u]);
    }
    c->n = 0;
    if (!(top > 0.0)) top = 1.0; /* the zero matrix: a cut must still say that nothing lies above */
    bottom = fmax(bottom, ldexp(top, -MOST_CUTS)); /* zeros have no logarithm */
    const int first = (int)ceil(log2(top));
    const int last = (int)floor(log2(bottom));
    for (int b = first; b >= last && c->n < MOST_CUTS; b--)
        c->x[c->n++] = ldexp(1.0, b);
}

/* Mass the two sides of an interval may miss: sums of n terms in another order. */
static double slack(const known_measure *m, double total)
{
    return 4.0 * DBL_EPSILON * sqrt((double)m->n) * total;
}

/* Cuts whose interval does not hold the truth. Also adds up the widths. */
static int count_misses(const known_measure *m, const rn_jacobi *rule, int power, double *width)
{
    cuts c = {0};
    int n_misses = 0;
    choose_cuts(m, &c);
    assert_status(rn_jacobi_above(rule, c.n, c.x, c.low, c.high), RN_OK);
    for (rn_index i = 0; i < c.n; i++) {
        const double truth = known_measure_above(m, c.x[i], power);
        const bool is_in =
            truth >= c.low[i] - slack(m, rule->mass) && truth <= c.high[i] + slack(m, rule->mass);
        if (!is_in)
            print_message("x = %g: %.17g not in %.17g .. %.17g of %g, noise %g\n", c.x[i], truth,
                          c.low[i], c.high[i], rule->mass, rule->noise);
        n_misses += !is_in;
        *width += (c.high[i] - c.low[i]) / rule->mass / (double)c.n;
    }
    return n_misses;
}

static void intervals_hold_the_truth(void **state)
{
    (void)state;
    static const rn_index steps[] = {1, 2, 7, 50, 100, 200};
    double storage[2 * MOST_STEPS];
    double widths[MEASURE_KINDS] = {0.0};
    int n_misses = 0;
    const int n_cases = check_cases(12);
    for (int i = 0; i < n_cases; i++) {
        const measure_kind kind = (measure_kind)(i % MEASURE_KINDS);
        known_measure m;
        rn_lanczos *lanczos = NULL;
        known_measure_make(kind, 400 + 300 * (i % 3), check_seed() + (uint64_t)i, &m);
        assert_status(rn_lanczos_create(m.op, m.e, MOST_STEPS, &lanczos), RN_OK);
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
            rn_jacobi weighted;
            double width = 0.0;
            assert_status(rn_lanczos_extend(lanczos, steps[k]), RN_OK);
            const rn_jacobi rule = rn_lanczos_rule(lanczos, steps[k]);
            int found = count_misses(&m, &rule, 0, &width);
            assert_status(rn_jacobi_weighted(&rule, storage, storage + MOST_STEPS, &weighted),
                          RN_OK);
            found += count_misses(&m, &weighted, 1, &width);
            if (found)
                print_message("case %d, %s, n = %d, %d steps\n", i, measure_name(kind), (int)m.n,
                              (int)steps[k]);
            n_misses += found;
            if (steps[k] == 200) widths[kind] += width;
        }
        rn_lanczos_destroy(lanczos);
        known_measure_clear(&m);
    }
    for (int kind = 0; kind < MEASURE_KINDS; kind++)
        print_message("%s: mean width %g\n", measure_name((measure_kind)kind),
                      widths[kind] * MEASURE_KINDS / n_cases);
    assert_int_equal(n_misses, 0);
}

/* The plain bounds: weights of Gauss nodes, moved by one node. */
static void bound_by_gauss(const rn_jacobi *rule, double x, double *low, double *high)
{
    double nodes[MOST_STEPS];
    double weights[MOST_STEPS];
    assert_status(rn_jacobi_gauss(rule, nodes, weights, NULL), RN_OK);
    *low = 0.0;
    *high = 0.0;
    for (rn_index i = 0; i < rule->n; i++) {
        const double before = i > 0 ? nodes[i - 1] : 0.0;
        const bool is_next_above = i + 1 == rule->n || nodes[i + 1] >= x;
        if (before >= x) *low += weights[i];
        if (is_next_above) *high += weights[i];
    }
}

static void intervals_are_inside_those_of_gauss_nodes(void **state)
{
    (void)state;
    double ours = 0.0;
    double theirs = 0.0;
    for (int kind = 0; kind < MEASURE_KINDS; kind++) {
        known_measure m;
        rn_lanczos *lanczos = NULL;
        cuts c;
        known_measure_make((measure_kind)kind, 600, check_seed(), &m);
        choose_cuts(&m, &c);
        assert_status(rn_lanczos_create(m.op, m.e, 60, &lanczos), RN_OK);
        assert_status(rn_lanczos_extend(lanczos, 60), RN_OK);
        const rn_jacobi rule = rn_lanczos_rule(lanczos, 60);
        assert_status(rn_jacobi_above(&rule, c.n, c.x, c.low, c.high), RN_OK);
        for (rn_index i = 0; i < c.n && !rn_lanczos_is_exhausted(lanczos); i++) {
            double low = 0.0;
            double high = 0.0;
            bound_by_gauss(&rule, c.x[i], &low, &high);
            /* ours are widened for rounding, by the formula of the header */
            const double mixed = sqrt(c.high[i] * (rule.mass - c.low[i]));
            const double room = 4.0 * rule.noise / c.x[i] * mixed + 1e-12 * rule.mass;
            assert_true(c.low[i] >= low - room && c.high[i] <= high + room);
            ours += c.high[i] - c.low[i];
            theirs += high - low;
        }
        rn_lanczos_destroy(lanczos);
        known_measure_clear(&m);
    }
    print_message("widths: %g, by Gauss nodes %g\n", ours, theirs);
    assert_true(ours < 0.8 * theirs);
}

/* sum of weights * p(nodes) for the Chebyshev polynomial of this degree on 0 .. top, |p| <= 1. */
static double chebyshev_moment(rn_index n, const double *lambda, const double *weight, double top,
                               int degree)
{
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++) {
        const double t = fmax(-1.0, fmin(1.0, 2.0 * lambda[i] / top - 1.0));
        sum += weight[i] * cos(degree * acos(t));
    }
    return sum;
}

static void gauss_rule_has_the_moments(void **state)
{
    (void)state;
    enum { STEPS = 20, N = 300 };
    double nodes[STEPS];
    double weights[STEPS];
    double vectors[STEPS * STEPS];
    double mass[N];
    for (int kind = 0; kind < MEASURE_KINDS; kind++) {
        known_measure m;
        rn_lanczos *lanczos = NULL;
        double top = 0.0;
        known_measure_make((measure_kind)kind, N, check_seed(), &m);
        for (rn_index u = 0; u < N; u++) {
            mass[u] = m.e[u] * m.e[u];
            top = fmax(top, m.lambda[u]);
        }
        assert_status(rn_lanczos_create(m.op, m.e, STEPS, &lanczos), RN_OK);
        assert_status(rn_lanczos_extend(lanczos, STEPS), RN_OK);
        const rn_jacobi rule = rn_lanczos_rule(lanczos, STEPS);
        assert_int_equal(rule.n, STEPS);
        assert_status(rn_jacobi_gauss(&rule, nodes, weights, vectors), RN_OK);
        /* a perturbation of M by `noise` moves a moment of degree d by at most
           2 d^2 noise/top mass (Markov's inequality) */
        for (int degree = 0; degree < 2 * STEPS; degree++) {
            const double truth = chebyshev_moment(N, m.lambda, mass, top, degree);
            const double unit = rule.mass * (2.0 * degree * degree * rule.noise / top + 1e-13);
            assert_close(chebyshev_moment(STEPS, nodes, weights, top, degree), truth, unit);
        }
        for (rn_index i = 0; i < STEPS; i++)
            for (rn_index j = 0; j <= i; j++) {
                double dot = 0.0;
                for (rn_index r = 0; r < STEPS; r++)
                    dot += vectors[i * STEPS + r] * vectors[j * STEPS + r];
                assert_close(dot, i == j ? 1.0 : 0.0, 1e-13);
            }
        rn_lanczos_destroy(lanczos);
        known_measure_clear(&m);
    }
}

/* Spectra that end early: values and masses in closed form, rule exact after so many steps. */
static void exhausted_rules_are_exact(void **state)
{
    (void)state;
    enum { N = 40 };
    static const struct {
        const char *name;
        double lambda[3]; /* row i has lambda[i % 3] */
        double e[3];
        rn_index steps;
    } cases[] = {
        {"identity", {1.0, 1.0, 1.0}, {1.0, 2.0, 3.0}, 1},
        {"zero", {0.0, 0.0, 0.0}, {1.0, 2.0, 3.0}, 1},
        {"half is null", {0.0, 2.0, 2.0}, {1.0, 2.0, 3.0}, 2},
        {"three values", {1e-3, 1.0, 7.0}, {1.0, 2.0, 3.0}, 3},
        {"one eigenvector", {1e-3, 1.0, 7.0}, {0.0, 2.0, 0.0}, 1},
        {"orthogonal to the top", {1e-3, 1.0, 7.0}, {1.0, 2.0, 0.0}, 2},
        {"cluster at 1e-7", {1.0, 1.0 + 1e-7, 3.0}, {1.0, 1.0, 1.0}, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        known_measure m;
        rn_lanczos *lanczos = NULL;
        double storage[2 * N];
        double width = 0.0;
        rn_jacobi weighted;
        known_measure_make(MEASURE_BUMPS, N, 1, &m);
        for (rn_index u = 0; u < N; u++) {
            m.lambda[u] = cases[i].lambda[u % 3];
            m.e[u] = cases[i].e[u % 3];
        }
        print_message("%s\n", cases[i].name);
        assert_status(rn_lanczos_create(m.op, m.e, N, &lanczos), RN_OK);
        assert_status(rn_lanczos_extend(lanczos, N), RN_OK);
        assert_true(rn_lanczos_is_exhausted(lanczos));
        assert_int_equal(rn_lanczos_n_steps(lanczos), cases[i].steps);
        const rn_jacobi rule = rn_lanczos_rule(lanczos, N);
        static const double x[] = {1e-5, 0.5, 0.99, 2.5, 5.0, 8.0};
        double low[6];
        double high[6];
        assert_status(rn_jacobi_above(&rule, 6, x, low, high), RN_OK);
        for (int k = 0; k < 6; k++) {
            const double truth = known_measure_above(&m, x[k], 0);
            /* the allowance for rounding that the header names, and sums of N terms */
            const double room = (4.0 * rule.noise / x[k] + 1e-14) * rule.mass;
            assert_close(low[k], truth, room);
            assert_close(high[k], truth, room);
        }
        assert_status(rn_jacobi_weighted(&rule, storage, storage + N, &weighted), RN_OK);
        assert_int_equal(count_misses(&m, &weighted, 1, &width), 0);
        rn_lanczos_destroy(lanczos);
        known_measure_clear(&m);
    }
}

static void stopping_and_going_on_gives_the_same_bits(void **state)
{
    (void)state;
    known_measure m;
    rn_lanczos *whole = NULL;
    rn_lanczos *parts = NULL;
    known_measure_make(MEASURE_POWER_LAW, 200, check_seed(), &m);
    assert_status(rn_lanczos_create(m.op, m.e, 40, &whole), RN_OK);
    assert_status(rn_lanczos_create(m.op, m.e, 60, &parts), RN_OK);
    assert_status(rn_lanczos_extend(whole, 40), RN_OK);
    for (rn_index k = 0; k <= 40; k += 5)
        assert_status(rn_lanczos_extend(parts, k), RN_OK);
    const rn_jacobi a = rn_lanczos_rule(whole, 40);
    const rn_jacobi b = rn_lanczos_rule(parts, 40);
    assert_memory_equal(a.diagonal, b.diagonal, 40 * sizeof(double));
    assert_memory_equal(a.coupling, b.coupling, 40 * sizeof(double));
    assert_memory_equal(rn_lanczos_vector(whole, 39), rn_lanczos_vector(parts, 39),
                        200 * sizeof(double));
    assert_null(rn_lanczos_vector(whole, 40));
    rn_lanczos_destroy(whole);
    rn_lanczos_destroy(parts);
    known_measure_clear(&m);
}

/* The diagonal, with every product off by 1e-6 of its length in a direction of its own. */
static int multiply_roughly(void *user, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                            rn_index ldy)
{
    known_measure *m = user;
    (void)n_vecs;
    (void)ldx;
    (void)ldy;
    double length = 0.0;
    for (rn_index i = 0; i < m->n; i++)
        length += x[i] * x[i] * m->lambda[i] * m->lambda[i];
    for (rn_index i = 0; i < m->n; i++) {
        uint64_t bits = 0;
        memcpy(&bits, &x[i], sizeof bits);
        const rni_stream noise = {.seed = bits};
        y[i] = m->lambda[i] * x[i]
               + 1e-6 * sqrt(length / (double)m->n) * rni_rng_normal(noise, (uint64_t)i);
    }
    return 0;
}

static void rough_products_are_noticed_and_allowed_for(void **state)
{
    (void)state;
    known_measure m;
    rn_lanczos *lanczos = NULL;
    rn_op *rough = NULL;
    double width = 0.0;
    known_measure_make(MEASURE_POWER_LAW, 500, check_seed(), &m);
    const rn_op_desc desc = {
        .rows = 500, .cols = 500, .traits = RN_OP_PSD, .apply = multiply_roughly, .user = &m};
    assert_status(rn_op_create(&desc, &rough), RN_OK);
    assert_status(rn_lanczos_create(rough, m.e, 60, &lanczos), RN_OK);
    assert_status(rn_lanczos_extend(lanczos, 60), RN_OK);
    const rn_jacobi rule = rn_lanczos_rule(lanczos, 60);
    double top = 0.0;
    for (rn_index u = 0; u < m.n; u++)
        top = fmax(top, m.lambda[u]);
    assert_true(rule.noise > 1e-8 * top && rule.noise < 1e-5 * top);
    assert_int_equal(count_misses(&m, &rule, 0, &width), 0);
    rn_lanczos_destroy(lanczos);
    rn_op_destroy(rough);
    known_measure_clear(&m);
}

static void mistakes_are_refused(void **state)
{
    (void)state;
    known_measure m;
    rn_lanczos *lanczos = NULL;
    rn_op *plain = NULL;
    double low = 0.0;
    double high = 0.0;
    const double x = 1.0;
    known_measure_make(MEASURE_POWER_LAW, 5, check_seed(), &m);
    assert_status(rn_op_create_diagonal(5, m.lambda, &plain), RN_OK);
    assert_status(rn_lanczos_create(plain, m.e, 3, &lanczos), RN_ERR_ARGUMENT);
    assert_message_has("RN_OP_PSD");
    assert_status(rn_lanczos_create(m.op, m.e, 0, &lanczos), RN_ERR_ARGUMENT);
    assert_status(rn_lanczos_create(m.op, NULL, 3, &lanczos), RN_ERR_ARGUMENT);
    const double zeros[5] = {0.0};
    const double infinite[5] = {1.0, (double)INFINITY};
    assert_status(rn_lanczos_create(m.op, zeros, 3, &lanczos), RN_ERR_DOMAIN);
    assert_status(rn_lanczos_create(m.op, infinite, 3, &lanczos), RN_ERR_NONFINITE);
    assert_status(rn_lanczos_create(m.op, m.e, 3, &lanczos), RN_OK);
    assert_status(rn_lanczos_extend(lanczos, 4), RN_ERR_ARGUMENT);
    /* before any step only the mass is known */
    rn_jacobi rule = rn_lanczos_rule(lanczos, 3);
    assert_status(rn_jacobi_above(&rule, 1, &x, &low, &high), RN_OK);
    assert_true(low <= 0.0 && high >= rule.mass);
    rule.mass = -1.0;
    assert_status(rn_jacobi_above(&rule, 1, &x, &low, &high), RN_ERR_ARGUMENT);
    m.lambda[0] = -1.0;
    assert_status(rn_lanczos_extend(lanczos, 3), RN_ERR_DOMAIN);
    assert_message_has("not positive semidefinite");
    rn_lanczos_destroy(lanczos);
    rn_lanczos_destroy(NULL);
    rn_op_destroy(plain);
    known_measure_clear(&m);
}

static rn_status use_everything(const known_measure *m)
{
    rn_lanczos *lanczos = NULL;
    double nodes[4];
    double weights[4];
    double low = 0.0;
    double high = 0.0;
    const double x = 0.5;
    rn_status status = rn_lanczos_create(m->op, m->e, 4, &lanczos);
    if (status == RN_OK) status = rn_lanczos_extend(lanczos, 4);
    const rn_jacobi rule = status == RN_OK ? rn_lanczos_rule(lanczos, 4) : (rn_jacobi){0};
    if (status == RN_OK) status = rn_jacobi_gauss(&rule, nodes, weights, NULL);
    if (status == RN_OK) status = rn_jacobi_above(&rule, 1, &x, &low, &high);
    rn_lanczos_destroy(lanczos);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    known_measure m;
    known_measure_make(MEASURE_POWER_LAW, 30, check_seed(), &m);
    (void)rni_fail_allocation(0);
    assert_status(use_everything(&m), RN_OK);
    const long n_allocations = rni_fail_allocation(0);
    assert_true(n_allocations >= 4);
    for (long i = 1; i <= n_allocations; i++) {
        (void)rni_fail_allocation(i);
        assert_status(use_everything(&m), RN_ERR_MEMORY);
    }
    (void)rni_fail_allocation(0);
    known_measure_clear(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_hold_the_truth),
        cmocka_unit_test(intervals_are_inside_those_of_gauss_nodes),
        cmocka_unit_test(gauss_rule_has_the_moments),
        cmocka_unit_test(exhausted_rules_are_exact),
        cmocka_unit_test(stopping_and_going_on_gives_the_same_bits),
        cmocka_unit_test(rough_products_are_noticed_and_allowed_for),
        cmocka_unit_test(mistakes_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("lanczos", tests, NULL, NULL);
}
