/*
 * A mode with momentum: its formulas against the two-term recursion in long double, against the
 * matrix solution, and against the Langevin equation it tends to.
 */
#include <float.h>
#include <math.h>
#include <renorm/heavy_ball.h>
#include <renorm/linear_gaussian.h>

#include "check.h"

static const rn_heavy_ball modes[] = {
    {1.0, 0.1, 0.9, 0.3},           /* rings */
    {1e-3, 0.1, 0.9, 0.3},          /* overdamped */
    {1e-7, 0.01, 0.5, 1.0},         /* slow */
    {0.8, 0.5, 0.0, 1.0},           /* no momentum */
    {3.0, 0.5, 0.0, 1.0},           /* overshoots: root -0.5 */
    {2.0, 0.5, 0.0, 1.0},           /* forgets at once */
    {3.4, 1.0, 0.8, 0.1},           /* two negative roots */
    {2.5, 1.0, 0.8, 0.1},           /* rings, sum negative */
    {0.25, 1.0, 0.25, 1.0},         /* critical, exactly: eta rho = (1 - sqrt beta)^2 */
    {2.25, 1.0, 0.25, 1.0},         /* critical at the other side */
    {0.25 + 1e-12, 1.0, 0.25, 1.0}, /* and just beside */
    {0.25 - 1e-12, 1.0, 0.25, 1.0}, {0.5, 0.3, 1e-18, 1.0}, /* next to no momentum */
};
enum { N_MODES = sizeof modes / sizeof modes[0], STEPS = 400 };

static void the_recursion_is_solved(void **state)
{
    (void)state;
    for (int i = 0; i < N_MODES; i++) {
        const rn_heavy_ball *m = &modes[i];
        /* d(k) = 1 - c(k)/c(0) obeys the recursion with a source: nothing cancels */
        const long double pull = (long double)m->eta * m->rho;
        long double before = 0.0L;
        long double now = pull / (1.0L + m->beta);
        long double most = now;
        for (rn_index k = 1; k < STEPS; k++) {
            most = fmaxl(most, now);
            /* some eps of what it is made of; k eps for the phase of oscillations */
            const double scale = m->rho * m->eta < 1e-2 ? (double)now : (double)most;
            assert_close(rn_heavy_ball_relaxation(m, k), (double)now,
                         (40.0 + 4.0 * (double)k) * DBL_EPSILON * scale);
            const long double next = (1.0L + m->beta - pull) * now - m->beta * before + pull;
            before = now;
            now = next;
        }
        assert_close(rn_heavy_ball_relaxation(m, 0), 0.0, 0.0);
        if (m->rho * m->eta > 1e-2) assert_close(rn_heavy_ball_relaxation(m, 1000000), 1.0, 1e-14);
    }
}

static void matrices_say_the_same(void **state)
{
    (void)state;
    for (int i = 0; i < N_MODES; i++) {
        const rn_heavy_ball *m = &modes[i];
        double b[4];
        double q[4];
        double s[4];
        double k[4];
        double moved = 0.0;
        assert_status(rn_gaussian_heavy_ball(1, &m->rho, &m->noise, m->eta, m->beta, 0.0, b, q),
                      RN_OK);
        assert_status(rn_gaussian_step_covariance(2, b, q, s, NULL), RN_OK);
        /* the matrix equation's condition is 1/(eta rho) */
        const double tolerance = 100.0 * DBL_EPSILON / fmin(m->eta * m->rho, 0.1);
        assert_close(s[0] / rn_heavy_ball_position(m), 1.0, tolerance);
        assert_close(s[3] / rn_heavy_ball_velocity(m), 1.0, tolerance);
        for (rn_index steps = 1; steps <= 1000000; steps *= 10) {
            assert_status(rn_gaussian_step_relaxation(2, b, steps, k), RN_OK);
            assert_status(rn_gaussian_displacement(2, 1, k, s, &moved), RN_OK);
            const double expected =
                2.0 * rn_heavy_ball_position(m) * rn_heavy_ball_relaxation(m, steps);
            assert_close(moved / expected, 1.0, 1e-12 + 100.0 * tolerance);
        }
    }
}

static void steps_tend_to_the_flow(void **state)
{
    (void)state;
    const double rates[] = {0.1, 1.0, 5.0}; /* omega^2: overdamped, critical, ringing */
    for (int i = 0; i < 3; i++) {
        double off[4][3];
        for (int halving = 0; halving < 4; halving++) {
            /* gamma and omega fixed: 1 - beta and rho fall with eta */
            const double eta = 0.02 * pow(0.5, halving);
            rn_heavy_ball m = {.rho = rates[i] * eta, .eta = eta, .noise = 1.0};
            m.beta = (1.0 - eta) / (1.0 + eta); /* gamma = 1 */
            const rn_index k = (rn_index)round(1.5 / eta);
            off[halving][0] = rn_heavy_ball_position(&m) / rn_heavy_ball_flow_position(&m) - 1.0;
            off[halving][1] = rn_heavy_ball_velocity(&m) / rn_heavy_ball_flow_velocity(&m) - 1.0;
            off[halving][2] =
                rn_heavy_ball_relaxation(&m, k) - rn_heavy_ball_flow_relaxation(&m, (double)k);
        }
        for (int j = 0; j < 3; j++) /* first order or better */
            assert_true(fabs(off[3][j]) < 0.6 * fabs(off[2][j]) && fabs(off[3][j]) < 0.02);
    }
}

/* |1 - (1 + beta - eta rho) e^-iw + beta e^-2iw|^2 is least at the peak. */
static double inverse_spectrum(const rn_heavy_ball *m, double w)
{
    const double sum = 1.0 + m->beta - m->eta * m->rho;
    const double re = 1.0 - sum * cos(w) + m->beta * cos(2.0 * w);
    const double im = sum * sin(w) - m->beta * sin(2.0 * w);
    return re * re + im * im;
}

static void frequencies_are_where_they_are(void **state)
{
    (void)state;
    const rn_heavy_ball m = {1.0, 0.1, 0.9, 0.3};
    const double peak = rn_heavy_ball_peak(&m);
    for (int j = -3; j <= 3; j++)
        if (j != 0) assert_true(inverse_spectrum(&m, peak + 1e-3 * j) > inverse_spectrum(&m, peak));
    /* zero crossings of the correlation are half a turn apart */
    const double w = rn_heavy_ball_oscillation(&m);
    assert_close(2.0 * sqrt(0.9) * cos(w), 1.0 + 0.9 - 0.1, 1e-15);
    assert_close(rn_heavy_ball_flow_oscillation(&m) / w, 1.0, 0.01);
    assert_close(rn_heavy_ball_flow_peak(&m) / peak, 1.0, 0.02);
    assert_true(isnan(rn_heavy_ball_oscillation(&modes[1]))
                && isnan(rn_heavy_ball_peak(&modes[1])));
    assert_true(isnan(rn_heavy_ball_flow_oscillation(&modes[1])));
    assert_true(isnan(rn_heavy_ball_flow_peak(&modes[1])));
    assert_true(isnan(rn_heavy_ball_peak(&modes[3])));
}

/* Where gamma = omega the flow's formulas meet, on both sides and to second order. */
static void critical_damping_is_smooth(void **state)
{
    (void)state;
    const double critical = (1.0 - 0.25) * (1.0 - 0.25) / (2.0 * (1.0 + 0.25)); /* gamma = omega */
    for (int side = -1; side <= 1; side++) {
        const rn_heavy_ball m = {
            .rho = critical * (1.0 + 1e-13 * side), .eta = 1.0, .beta = 0.25, .noise = 1.0};
        const double damping = 0.6;
        for (int j = -1; j < 6; j++) {
            const double k = pow(2.0, j);
            const double expected = 1.0 - exp(-damping * k) * (1.0 + damping * k);
            assert_close(rn_heavy_ball_flow_relaxation(&m, k), expected, 1e-12);
        }
    }
}

static void what_is_not_stable_has_no_moments(void **state)
{
    (void)state;
    const rn_heavy_ball bad[] = {{0.0, 0.1, 0.9, 1.0},        {1.0, 0.0, 0.9, 1.0},
                                 {1.0, 0.1, 1.0, 1.0},        {1.0, 0.1, -0.1, 1.0},
                                 {1.0, 0.1, 0.9, -1.0},       {3.8, 1.0, 0.9, 1.0},
                                 {(double)NAN, 0.1, 0.9, 1.0}};
    for (int i = 0; i < 7; i++) {
        assert_true(isnan(rn_heavy_ball_position(&bad[i])));
        assert_true(isnan(rn_heavy_ball_velocity(&bad[i])));
        assert_true(isnan(rn_heavy_ball_relaxation(&bad[i], 1)));
        assert_true(isnan(rn_heavy_ball_flow_position(&bad[i])));
        assert_true(isnan(rn_heavy_ball_flow_relaxation(&bad[i], 1.0)));
        assert_true(isnan(rn_heavy_ball_oscillation(&bad[i])));
    }
    assert_true(isnan(rn_heavy_ball_position(NULL)));
    assert_true(isnan(rn_heavy_ball_relaxation(&modes[0], -1)));
    assert_true(isnan(rn_heavy_ball_flow_relaxation(&modes[0], -1.0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_recursion_is_solved),
        cmocka_unit_test(matrices_say_the_same),
        cmocka_unit_test(steps_tend_to_the_flow),
        cmocka_unit_test(frequencies_are_where_they_are),
        cmocka_unit_test(critical_damping_is_smooth),
        cmocka_unit_test(what_is_not_stable_has_no_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
