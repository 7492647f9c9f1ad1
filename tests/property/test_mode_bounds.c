/*
 * Bounds of frozen losses from quadrature nodes: the loss of the whole spectrum, summed mode by
 * mode, must lie between; small rules have closed forms.
 */
#include <math.h>
#include <renorm/lanczos.h>
#include <renorm/mode_forecast.h>
#include <renorm/op.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"

enum { MOST = 400, MOST_NODES = 60, N_TIMES = 8 };

/* A spectrum, and what k steps of Lanczos see of it. */
typedef struct seen {
    rn_index n;
    double lambda[MOST], energy[MOST];
    double nodes[MOST_NODES], masses[MOST_NODES];
    rn_mode_piece pieces[3];
    rn_mode_set whole, rule;
    double noise;
} seen;

static int multiply(void *user, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                    rn_index ldy)
{
    const seen *s = user;
    for (rn_index u = 0; u < s->n; u++)
        for (rn_index k = 0; k < n_vecs; k++)
            y[k * ldy + u] = s->lambda[u] * x[k * ldx + u];
    return 0;
}

static void look(seen *s, rn_index k)
{
    double root[MOST];
    rn_op *op = NULL;
    rn_lanczos *lanczos = NULL;
    const rn_op_desc desc = {
        .rows = s->n, .cols = s->n, .traits = RN_OP_PSD, .apply = multiply, .user = s};
    for (rn_index u = 0; u < s->n; u++)
        root[u] = sqrt(s->energy[u]);
    assert_status(rn_op_create(&desc, &op), RN_OK);
    assert_status(rn_lanczos_create(op, root, k, &lanczos), RN_OK);
    assert_status(rn_lanczos_extend(lanczos, k), RN_OK);
    const rn_jacobi rule = rn_lanczos_rule(lanczos, k);
    assert_status(rn_jacobi_gauss(&rule, s->nodes, s->masses, NULL), RN_OK);
    for (rn_index i = 0; i < rule.n; i++)
        s->nodes[i] = fmax(s->nodes[i], 0.0);
    s->noise = rule.noise;
    s->rule = (rn_mode_set){.n = rule.n, .lambda = s->nodes, .energy = s->masses};
    s->whole = (rn_mode_set){.n = s->n, .lambda = s->lambda, .energy = s->energy};
    s->rule.pieces = s->whole.pieces = s->pieces;
    s->rule.n_pieces = s->whole.n_pieces = 1;
    rn_lanczos_destroy(lanczos);
    rn_op_destroy(op);
}

/* Spectra below 1: power law, log-uniform, with a cluster, with modes at 0, none of them slow. */
static void make(seen *s, uint64_t number)
{
    const rni_stream stream = {.seed = 31, .purpose = RNI_RNG_TEST, .part = (uint32_t)number};
    s->n = 100 + (rn_index)rni_rng_below(stream, 0, 300);
    for (rn_index u = 0; u < s->n; u++) {
        const double chance = rni_rng_uniform(stream, (uint64_t)(2 * u + 1));
        switch (number % 5) {
        case 0: s->lambda[u] = pow((double)(u + 1), -1.5); break;
        case 1: s->lambda[u] = pow(10.0, -5.0 * chance); break;
        case 2:
            s->lambda[u] = u % 2 ? 0.3 * (1.0 + 1e-7 * chance) : pow(10.0, -3.0 * chance);
            break;
        case 3: s->lambda[u] = u < 20 ? 0.0 : chance; break;
        default: s->lambda[u] = 0.6 + 0.4 * chance; break; /* beyond 1/eta for large steps */
        }
        s->energy[u] = rni_rng_uniform(stream, (uint64_t)(2 * u + 2)) / (double)(u + 1);
    }
}

static void assert_between(const seen *s, double most_gap)
{
    static const double ahead[N_TIMES] = {0.0, 0.7, 3.0, 11.3, 70.0, 401.7, 3000.0, 1e5};
    double loss[N_TIMES];
    double low[N_TIMES];
    double high[N_TIMES];
    assert_status(rn_modes_frozen(&s->whole, N_TIMES, ahead, loss), RN_OK);
    assert_status(rn_modes_frozen_bounds(&s->rule, s->noise, 0, N_TIMES, ahead, low, high), RN_OK);
    for (int k = 0; k < N_TIMES; k++) {
        assert_true(low[k] <= loss[k] && loss[k] <= high[k]);
        assert_true(low[k] >= 0.0 && high[k] <= 1.0001 * loss[0]);
        if (k < 3 && most_gap > 0.0) assert_true(high[k] - low[k] <= most_gap * loss[k]);
    }
}

static void the_loss_lies_between(void **state)
{
    (void)state;
    static const double sizes[] = {0.0, 0.3, 1.0, 1.4, 1.99};
    static const rn_index steps[] = {1, 2, 5, 20, MOST_NODES};
    static seen s;
    const uint64_t n_cases = (uint64_t)check_cases(10);
    for (uint64_t number = 0; number < n_cases; number++) {
        make(&s, number);
        for (int i = 0; i < 25; i++) {
            look(&s, steps[i % 5]);
            s.pieces[0] = (rn_mode_piece){.step_size = sizes[i / 5]};
            assert_between(&s, 0.0);
        }
    }
}

static void with_many_nodes_the_bounds_meet(void **state)
{
    (void)state;
    static seen s;
    for (uint64_t number = 0; number < 4; number++) {
        make(&s, number);
        look(&s, MOST_NODES);
        s.pieces[0] = (rn_mode_piece){.step_size = 0.0};
        assert_between(&s, 1e-9); /* early times need few moments; 1e-13 of rounding is granted */
        s.pieces[0].step_size = 0.5;
        double low = 0.0;
        double high = 0.0;
        const double ahead = 29.0 * 0.5; /* degree 58 < 2k - 3: exact */
        assert_status(rn_modes_frozen_bounds(&s.rule, 0.0, 0, 1, &ahead, &low, &high), RN_OK);
        assert_close(high / low, 1.0, 1e-9);
    }
}

static void schedules_lie_between_too(void **state)
{
    (void)state;
    static seen s;
    for (uint64_t number = 0; number < 8; number++) {
        make(&s, number);
        look(&s, 20);
        s.pieces[0] = (rn_mode_piece){.duration = 10.0, .step_size = 0.9};
        s.pieces[1] = (rn_mode_piece){.duration = 33.3, .step_size = 0.4};
        s.pieces[2] = (rn_mode_piece){.step_size = 0.7};
        s.rule.n_pieces = s.whole.n_pieces = 3;
        assert_between(&s, 0.0);
        s.pieces[1].step_size = 1.7;
        double one = 1.0;
        assert_status(rn_modes_frozen_bounds(&s.rule, 0.0, 0, 1, &one, &one, &one),
                      RN_ERR_UNSUPPORTED);
        assert_message_has("several step sizes");
    }
}

/* One node: the mean rate below, all of it at rest above. Two: nodes 0 and m2/m1 above. */
static void small_rules_have_closed_forms(void **state)
{
    (void)state;
    static seen s;
    const double ahead[2] = {0.4, 2.5};
    double low[2];
    double high[2];
    double m[3] = {0.0};
    make(&s, 1);
    for (rn_index u = 0; u < s.n; u++)
        for (int p = 0; p < 3; p++)
            m[p] += s.energy[u] * pow(s.lambda[u], p);
    look(&s, 1);
    s.pieces[0] = (rn_mode_piece){.step_size = 0.0};
    assert_status(rn_modes_frozen_bounds(&s.rule, 0.0, 0, 2, ahead, low, high), RN_OK);
    for (int k = 0; k < 2; k++) {
        assert_close(low[k] / (m[0] * exp(-2.0 * ahead[k] * m[1] / m[0])), 1.0, 1e-11);
        assert_close(high[k] / m[0], 1.0, 1e-11);
    }
    look(&s, 2);
    s.pieces[0] = (rn_mode_piece){.step_size = 0.0};
    assert_status(rn_modes_frozen_bounds(&s.rule, 0.0, 0, 2, ahead, low, high), RN_OK);
    for (int k = 0; k < 2; k++) {
        const double moving = m[1] * m[1] / m[2];
        const double expected = m[0] - moving + moving * exp(-2.0 * ahead[k] * m[2] / m[1]);
        assert_close(high[k] / expected, 1.0, 1e-11);
    }
}

/* What the whole spectrum would give may come near each bound: a Gauss rule is itself a spectrum
   with these moments, and so is the rule with a node at 0. */
static void bounds_are_attained(void **state)
{
    (void)state;
    static seen s;
    const double ahead = 30.0;
    double low = 0.0;
    double high = 0.0;
    double loss = 0.0;
    s.n = 5;
    for (int u = 0; u < 5; u++) {
        s.lambda[u] = 0.2 * u; /* one of them at rest */
        s.energy[u] = 0.1 * (u + 1);
    }
    look(&s, 5); /* Radau from four steps knows it all */
    s.pieces[0] = (rn_mode_piece){.step_size = 0.0};
    assert_status(rn_modes_frozen(&s.whole, 1, &ahead, &loss), RN_OK);
    assert_status(rn_modes_frozen_bounds(&s.rule, 0.0, 0, 1, &ahead, &low, &high), RN_OK);
    assert_close(low / loss, 1.0, 1e-10);
    assert_close(high / loss, 1.0, 1e-10);
    assert_status(rn_modes_frozen_bounds(&s.rule, 1e-4, 1, 1, &ahead, &low, &high), RN_OK);
    assert_close(high - low, 2.0 * 1.5 * 60.0 * 1e-4, 1e-9); /* 2 E 2t noise */
}

static void mistakes_and_memory_are_reported(void **state)
{
    (void)state;
    static seen s;
    double ahead[2] = {1.0, 2.0};
    double low[2] = {7.0, 7.0};
    double high[2] = {7.0, 7.0};
    make(&s, 0);
    look(&s, 5);
    s.pieces[0] = (rn_mode_piece){.step_size = 0.5};
    assert_status(rn_modes_frozen_bounds(NULL, 0.0, 0, 2, ahead, low, high), RN_ERR_ARGUMENT);
    assert_status(rn_modes_frozen_bounds(&s.rule, -1.0, 0, 2, ahead, low, high), RN_ERR_ARGUMENT);
    s.pieces[0].step_size = 3.0;
    assert_status(rn_modes_frozen_bounds(&s.rule, 0.0, 0, 2, ahead, low, high), RN_ERR_DOMAIN);
    s.pieces[0].step_size = 0.5;
    const rn_index bytes = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    for (long fault = 1; status == RN_ERR_MEMORY && fault < 100; fault++) {
        assert_close(low[1] + high[0], 14.0, 0.0);
        (void)rni_fail_allocation(fault);
        status = rn_modes_frozen_bounds(&s.rule, 0.0, 0, 2, ahead, low, high);
        (void)rni_fail_allocation(0);
        assert_int_equal(rni_memory_bytes(), bytes);
    }
    assert_status(status, RN_OK);
    assert_true(high[0] < 7.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_loss_lies_between),
        cmocka_unit_test(with_many_nodes_the_bounds_meet),
        cmocka_unit_test(schedules_lie_between_too),
        cmocka_unit_test(small_rules_have_closed_forms),
        cmocka_unit_test(bounds_are_attained),
        cmocka_unit_test(mistakes_and_memory_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
