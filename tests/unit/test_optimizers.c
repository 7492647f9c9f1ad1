/*
 * Optimizers against plain loops written from their formulas, on gradients of trainers that know
 * the batch alone; schedules; what a step consists of; resuming; what is refused.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"
#include "sampler/sampler.h"
#include "training.h"

enum { N = 23, D = 4, C = 2, ROOM = 400, STEPS = 12 };

static training_plan plan_for(const char *dynamics, const rn_setting *settings, int n_settings,
                              const char *sampler)
{
    training_plan plan = {.model = "mlp",
                          .model_settings = {{"depth", "1"}, {"width", "9"}},
                          .dynamics = dynamics,
                          .sampler = sampler,
                          .n_samples = N,
                          .n_features = D,
                          .n_outputs = C,
                          .n_threads = 2,
                          .n_steps = STEPS,
                          .seed = 11};
    if (sampler && strcmp(sampler, "full") != 0)
        plan.sampler_settings[0] = (rn_setting){"batch_size", "5"};
    for (int i = 0; i < n_settings; i++)
        plan.dynamics_settings[i] = settings[i];
    return plan;
}

static training make(const training_plan *plan)
{
    training t = {0};
    assert_status(training_make(plan, &t), RN_OK);
    assert_true(rn_trainer_n_weights(t.trainer) <= ROOM);
    return t;
}

/* grad L over some samples at any theta, by a trainer that has only these. */
static void gradient_of(const training *t, rn_index count, const rn_index *indices,
                        const double *theta, double *gradient)
{
    double inputs[N * D];
    double targets[N * C];
    for (rn_index j = 0; j < count; j++) {
        memcpy(inputs + j * D, t->inputs + indices[j] * D, D * sizeof(double));
        memcpy(targets + j * C, t->targets + indices[j] * C, C * sizeof(double));
    }
    const rn_setting settings[] = {{"relative", "false"}};
    const training_plan plan = plan_for("gradient_descent", settings, 1, NULL);
    training some = {.batch = {.n_samples = count, .inputs = inputs, .targets = targets}};
    const rn_train_state state = {0};
    assert_status(training_make_trainer(&plan, &some), RN_OK);
    assert_status(rn_trainer_set_state(some.trainer, &state, theta), RN_OK);
    assert_status(rn_trainer_gradient(some.trainer, NULL, gradient, NULL), RN_OK);
    training_clear(&some);
}

/* The batch a trainer of this plan sees. */
static rn_index batch_of(const training_plan *plan, rn_index step, rn_index *indices)
{
    rn_sampler *sampler = NULL;
    rn_batches *batches = NULL;
    rn_index count = 0;
    assert_status(rn_sampler_create(plan->sampler, plan->sampler_settings,
                                    plan->sampler_settings[0].key ? 1 : 0, &sampler),
                  RN_OK);
    assert_status(rn_batches_create(sampler, N, plan->seed, &batches), RN_OK);
    assert_status(rn_batches_draw(batches, step, indices, &count), RN_OK);
    rn_batches_destroy(batches);
    rn_sampler_destroy(sampler);
    return count;
}

static void all_indices(rn_index *indices)
{
    for (rn_index i = 0; i < N; i++)
        indices[i] = i;
}

static double length_of(rn_index n, const double *values)
{
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        sum += values[i] * values[i];
    return sqrt(sum);
}

/* A reference's memory. */
typedef struct plain {
    double theta[ROOM], v[ROOM], q[ROOM], anchor[ROOM], anchor_gradient[ROOM];
} plain;

/* ---- the seven rules, as one would write them down ----------------------------------------------
 */

static void heavy_ball(plain *x, rn_index n, rn_index k, const double *g)
{
    (void)k;
    for (rn_index i = 0; i < n; i++) {
        x->v[i] = 0.8 * x->v[i] + (g[i] + 0.03 * x->theta[i]);
        x->theta[i] -= 0.05 * x->v[i];
    }
}

static void nesterov_clipped(plain *x, rn_index n, rn_index k, const double *g)
{
    (void)k;
    const double factor = fmin(1.0, 0.4 / length_of(n, g));
    for (rn_index i = 0; i < n; i++) {
        x->v[i] = 0.8 * x->v[i] + factor * g[i];
        x->theta[i] -= 0.05 * (factor * g[i] + 0.8 * x->v[i]);
    }
}

static void adamw(plain *x, rn_index n, rn_index k, const double *g)
{
    for (rn_index i = 0; i < n; i++) {
        x->v[i] = 0.7 * x->v[i] + 0.3 * g[i];
        x->q[i] = 0.9 * x->q[i] + 0.1 * g[i] * g[i];
        const double m = x->v[i] / (1.0 - pow(0.7, (double)k + 1.0));
        const double q = x->q[i] / (1.0 - pow(0.9, (double)k + 1.0));
        x->theta[i] -= 0.02 * (m / (sqrt(q) + 1e-3) + 0.1 * x->theta[i]);
    }
}

static void adam_coupled(plain *x, rn_index n, rn_index k, const double *g)
{
    double h[ROOM];
    for (rn_index i = 0; i < n; i++)
        h[i] = g[i] + 0.1 * x->theta[i];
    for (rn_index i = 0; i < n; i++) {
        x->v[i] = 0.7 * x->v[i] + 0.3 * h[i];
        x->q[i] = 0.9 * x->q[i] + 0.1 * h[i] * h[i];
        const double m = x->v[i] / (1.0 - pow(0.7, (double)k + 1.0));
        const double q = x->q[i] / (1.0 - pow(0.9, (double)k + 1.0));
        x->theta[i] -= 0.02 * m / (sqrt(q) + 1e-3);
    }
}

static void langevin(plain *x, rn_index n, rn_index k, const double *g)
{
    const rni_stream stream = {.seed = 11, .purpose = RNI_RNG_NOISE};
    for (rn_index i = 0; i < n; i++)
        x->theta[i] +=
            -0.05 * g[i] + sqrt(2.0 * 0.05 * 0.3) * rni_rng_normal(stream, (uint64_t)(k * n + i));
}

/* Kicks, drifts and friction one after the other; what ends a step is done at the start of the
   next, where its gradient is known. */
static void leapfrog(plain *x, rn_index n, rn_index k, const double *g)
{
    const rni_stream stream = {.seed = 11, .purpose = RNI_RNG_NOISE};
    const double h = sqrt(0.05);
    const double c = exp(-0.9 * h);
    for (rn_index i = 0; i < n; i++) {
        const double force = -(g[i] + 0.03 * x->theta[i]);
        if (k > 0) x->v[i] += 0.5 * h * force;
        x->v[i] += 0.5 * h * force;
        x->theta[i] += 0.5 * h * x->v[i];
        x->v[i] =
            c * x->v[i] + sqrt(0.3 * (1.0 - c * c)) * rni_rng_normal(stream, (uint64_t)(k * n + i));
        x->theta[i] += 0.5 * h * x->v[i];
    }
}

static void symplectic_euler(plain *x, rn_index n, rn_index k, const double *g)
{
    const rni_stream stream = {.seed = 11, .purpose = RNI_RNG_NOISE};
    const double h = sqrt(0.05);
    const double c = exp(-0.9 * h);
    for (rn_index i = 0; i < n; i++) {
        x->v[i] =
            c * x->v[i] + sqrt(0.3 * (1.0 - c * c)) * rni_rng_normal(stream, (uint64_t)(k * n + i));
        x->v[i] -= h * g[i];
        x->theta[i] += h * x->v[i];
    }
}

#define ETA(value)                                                                                 \
    {"learning_rate", value},                                                                      \
    {                                                                                              \
        "relative", "false"                                                                        \
    }

static const struct {
    const char *name;
    rn_setting settings[8];
    int n_settings;
    double tau;
    void (*step)(plain *x, rn_index n, rn_index k, const double *g);
} rules[] = {
    {"sgd", {ETA("0.05"), {"momentum", "0.8"}, {"weight_decay", "0.03"}}, 4, 0.25, heavy_ball},
    {"sgd",
     {ETA("0.05"), {"momentum", "0.8"}, {"nesterov", "true"}, {"clip", "0.4"}},
     5,
     0.25,
     nesterov_clipped},
    {"adam",
     {{"learning_rate", "0.02"},
      {"beta1", "0.7"},
      {"beta2", "0.9"},
      {"epsilon", "1e-3"},
      {"weight_decay", "0.1"}},
     5,
     0.02,
     adamw},
    {"adam",
     {{"learning_rate", "0.02"},
      {"beta1", "0.7"},
      {"beta2", "0.9"},
      {"epsilon", "1e-3"},
      {"weight_decay", "0.1"},
      {"decoupled", "false"}},
     6,
     0.02,
     adam_coupled},
    {"sgd", {ETA("0.05"), {"temperature", "0.3"}}, 3, 0.05, langevin},
    /* tau = h^2/(1 - c), for leapfrog times (1 + c)/2 */
    {"inertial",
     {ETA("0.05"), {"friction", "0.9"}, {"temperature", "0.3"}, {"weight_decay", "0.03"}},
     5,
     0.24928995753207037,
     leapfrog},
    {"inertial",
     {ETA("0.05"), {"friction", "0.9"}, {"temperature", "0.3"}, {"scheme", "symplectic_euler"}},
     5,
     0.2742899575320704,
     symplectic_euler},
};
enum { N_RULES = sizeof rules / sizeof rules[0] };

static const char *const samplers[] = {"full", "reshuffled", "distinct", "with_replacement",
                                       "fixed_order"};

static void steps_are_those_of_a_plain_loop(void **state)
{
    (void)state;
    for (int k = 0; k < N_RULES * 5; k++) {
        const int r = k / 5;
        const training_plan plan =
            plan_for(rules[r].name, rules[r].settings, rules[r].n_settings, samplers[k % 5]);
        training t = make(&plan);
        const rn_index n = rn_trainer_n_weights(t.trainer);
        plain x;
        memset(&x, 0, sizeof x);
        memcpy(x.theta, rn_trainer_theta(t.trainer), (size_t)n * sizeof(double));
        for (rn_index step = 0; step < STEPS; step++) {
            rn_index indices[N];
            double g[ROOM];
            const rn_index count = batch_of(&plan, step, indices);
            gradient_of(&t, count, indices, x.theta, g);
            rules[r].step(&x, n, step, g);
            assert_status(rn_trainer_advance(t.trainer, step + 1, NULL), RN_OK);
            /* rounding of a few sums over at most 23 samples, weights of order 1 */
            for (rn_index i = 0; i < n; i++)
                assert_close(rn_trainer_theta(t.trainer)[i], x.theta[i], 1e-12);
        }
        assert_close(rn_trainer_state(t.trainer).time, STEPS * rules[r].tau, 1e-13);
        assert_close(rn_trainer_step_size(t.trainer), rules[r].tau, 1e-15);
        training_clear(&t);
    }
}

static void svrg_corrects_batches_by_the_anchor(void **state)
{
    (void)state;
    const rn_setting settings[] = {ETA("0.1"), {"anchor_every", "4"}};
    const training_plan plan = plan_for("svrg", settings, 3, "with_replacement");
    training t = make(&plan);
    const rn_index n = rn_trainer_n_weights(t.trainer);
    plain x;
    memset(&x, 0, sizeof x);
    memcpy(x.theta, rn_trainer_theta(t.trainer), (size_t)n * sizeof(double));
    for (rn_index step = 0; step < STEPS; step++) {
        rn_index indices[N];
        double here[ROOM];
        double there[ROOM];
        if (step % 4 == 0) {
            all_indices(indices);
            memcpy(x.anchor, x.theta, sizeof x.theta);
            gradient_of(&t, N, indices, x.anchor, x.anchor_gradient);
        }
        const rn_index count = batch_of(&plan, step, indices);
        gradient_of(&t, count, indices, x.theta, here);
        gradient_of(&t, count, indices, x.anchor, there);
        for (rn_index i = 0; i < n; i++)
            x.theta[i] -= 0.1 * (here[i] - there[i] + x.anchor_gradient[i]);
        assert_status(rn_trainer_advance(t.trainer, step + 1, NULL), RN_OK);
        for (rn_index i = 0; i < n; i++)
            assert_close(rn_trainer_theta(t.trainer)[i], x.theta[i], 1e-12);
    }
    training_clear(&t);
}

/* ---- what a step consists of -------------------------------------------------------------------
 */

/* d = tau v = -tau P grad L + sum of the lines, where d is what the step does to theta. */
static void lines_add_up_to_the_step(void **state)
{
    (void)state;
    for (int k = 0; k < N_RULES * 2; k++) {
        const training_plan plan = plan_for(rules[k / 2].name, rules[k / 2].settings,
                                            rules[k / 2].n_settings, k % 2 ? "distinct" : "full");
        training t = make(&plan);
        const rn_index n = rn_trainer_n_weights(t.trainer);
        assert_status(rn_trainer_advance(t.trainer, 5, NULL), RN_OK);
        double before[ROOM];
        double sum[ROOM];
        double velocity[ROOM];
        double p[ROOM];
        memcpy(before, rn_trainer_theta(t.trainer), (size_t)n * sizeof(double));
        const double tau = rn_trainer_step_size(t.trainer);
        assert_status(rn_trainer_gradient(t.trainer, NULL, sum, NULL), RN_OK);
        assert_status(rn_trainer_preconditioner(t.trainer, p), RN_OK);
        assert_status(rn_trainer_velocity(t.trainer, velocity), RN_OK);
        for (rn_index i = 0; i < n; i++)
            sum[i] *= -tau * p[i];
        for (int line = 0; line < RN_N_STEP_LINES; line++) {
            double w[ROOM];
            assert_status(rn_trainer_step_line(t.trainer, (rn_step_line)line, w), RN_OK);
            const bool is_there = rn_trainer_has_line(t.trainer, (rn_step_line)line);
            assert_int_equal(length_of(n, w) > 0.0, is_there);
            for (rn_index i = 0; i < n; i++)
                sum[i] += w[i];
        }
        assert_status(rn_trainer_advance(t.trainer, 6, NULL), RN_OK);
        for (rn_index i = 0; i < n; i++) {
            const double d = rn_trainer_theta(t.trainer)[i] - before[i];
            assert_close(d, sum[i], 1e-14); /* theta of order 1 rounds */
            assert_close(tau * velocity[i], sum[i], 1e-14);
        }
        training_clear(&t);
    }
}

/* Row i is what a trainer says that has sample i alone; their mean is grad L. */
static void single_samples_have_gradients_of_their_own(void **state)
{
    (void)state;
    const rn_setting settings[] = {{"relative", "false"}};
    const training_plan plan = plan_for("gradient_descent", settings, 1, NULL);
    training t = make(&plan);
    const rn_index n = rn_trainer_n_weights(t.trainer);
    double *rows = rni_alloc((N + 2) * n, sizeof *rows);
    assert_non_null(rows);
    double *mean = rows + N * n;
    double *all = mean + n;
    assert_status(rn_trainer_sample_gradients(t.trainer, NULL, &t.batch, rows), RN_OK);
    memset(mean, 0, (size_t)n * sizeof *mean);
    for (rn_index i = 0; i < N; i++) {
        double alone[ROOM];
        gradient_of(&t, 1, &i, rn_trainer_theta(t.trainer), alone);
        for (rn_index p = 0; p < n; p++) {
            assert_close(rows[i * n + p], alone[p], 1e-14);
            mean[p] += rows[i * n + p] / N;
        }
    }
    assert_status(rn_trainer_gradient(t.trainer, NULL, all, NULL), RN_OK);
    for (rn_index p = 0; p < n; p++)
        assert_close(mean[p], all[p], 1e-14);
    assert_status(rn_trainer_sample_gradients(t.trainer, NULL, &t.batch, NULL), RN_ERR_ARGUMENT);
    rni_free(rows);
    training_clear(&t);
}

/* ---- schedules
 * ----------------------------------------------------------------------------------- */

static void rates_follow_their_schedules(void **state)
{
    (void)state;
    const double pi = acos(-1.0);
    static const struct {
        rn_setting settings[4];
        int n;
    } cases[] = {{{{"schedule", "cosine"}, {"warmup", "3"}, {"last", "0.1"}}, 3},
                 {{{"schedule", "linear"}, {"schedule_steps", "8"}}, 2},
                 {{{"schedule", "steps"}, {"milestones", "[4, 9]"}, {"drop", "0.5"}}, 3},
                 {{{"warmup", "4"}}, 1}};
    for (int c = 0; c < 4; c++) {
        rn_setting settings[8] = {ETA("0.01")};
        memcpy(settings + 2, cases[c].settings, sizeof cases[c].settings);
        const training_plan plan = plan_for("sgd", settings, 2 + cases[c].n, NULL);
        training t = make(&plan);
        double time = 0.0;
        for (rn_index k = 0; k < STEPS; k++) {
            const double x = (double)k;
            const double expected[] = {k < 3 ? (x + 1.0) / 3.0
                                             : 0.1 + 0.9 * 0.5 * (1.0 + cos(pi * (x - 3.0) / 9.0)),
                                       k < 8 ? 1.0 - x / 8.0 : 1.0 / 8.0,
                                       k < 4   ? 1.0
                                       : k < 9 ? 0.5
                                               : 0.25,
                                       k < 4 ? (x + 1.0) / 4.0 : 1.0};
            assert_close(rn_trainer_learning_rate(t.trainer), 0.01 * expected[c], 1e-16);
            time += 0.01 * expected[c];
            assert_status(rn_trainer_advance(t.trainer, k + 1, NULL), RN_OK);
            assert_close(rn_trainer_state(t.trainer).time, time, 1e-15);
        }
        /* beyond the end the rate stays what it was: never 0 */
        assert_true(rn_trainer_learning_rate(t.trainer) > 0.0);
        training_clear(&t);
    }
}

/* ---- state
 * ---------------------------------------------------------------------------------------- */

static void travel(const training_plan *plan, bool is_interrupted, double *theta)
{
    training t = make(plan);
    const rn_index n = rn_trainer_n_weights(t.trainer);
    for (rn_index stop = 1; stop <= STEPS; stop += 2) {
        assert_status(rn_trainer_advance(t.trainer, stop, NULL), RN_OK);
        if (!is_interrupted) continue;
        double looked[ROOM];
        assert_status(rn_trainer_velocity(t.trainer, looked), RN_OK);
        training_plan other = *plan; /* another seed and number of threads: the state overrides */
        other.seed = plan->seed + 1;
        other.n_threads = 1;
        training next = {.batch = t.batch};
        assert_status(training_make_trainer(&other, &next), RN_OK);
        const rn_train_state state = rn_trainer_state(t.trainer);
        assert_status(rn_trainer_set_state(next.trainer, &state, rn_trainer_theta(t.trainer)),
                      RN_OK);
        for (int s = 0; s < rn_trainer_n_slots(t.trainer); s++)
            assert_status(rn_trainer_set_slot(next.trainer, s, rn_trainer_slot(t.trainer, s)),
                          RN_OK);
        next.inputs = t.inputs, next.targets = t.targets, next.labels = t.labels;
        t.inputs = NULL, t.targets = NULL, t.labels = NULL;
        training_clear(&t);
        t = next;
    }
    memcpy(theta, rn_trainer_theta(t.trainer), (size_t)n * sizeof *theta);
    training_clear(&t);
}

static void resumed_training_has_the_same_bits(void **state)
{
    (void)state;
    static const rn_setting svrg[] = {ETA("0.1"), {"anchor_every", "4"}, {"temperature", "0.1"}};
    for (int k = 0; k < (N_RULES + 1) * 5; k++) {
        const int r = k / 5;
        const training_plan plan = r < N_RULES ? plan_for(rules[r].name, rules[r].settings,
                                                          rules[r].n_settings, samplers[k % 5])
                                               : plan_for("svrg", svrg, 4, samplers[k % 5]);
        double theta[2][ROOM] = {{0}};
        travel(&plan, false, theta[0]);
        travel(&plan, true, theta[1]);
        assert_memory_equal(theta[0], theta[1], sizeof theta[0]);
    }
}

static void slots_have_names_and_refuse_what_is_not_a_number(void **state)
{
    (void)state;
    training_plan plan = plan_for("adam", rules[2].settings, 5, "reshuffled");
    training t = make(&plan);
    assert_int_equal(rn_trainer_n_slots(t.trainer), 2);
    assert_string_equal(rn_trainer_slot_name(t.trainer, 1), "second_moment");
    assert_null(rn_trainer_slot_name(t.trainer, 2));
    assert_null(rn_trainer_slot(t.trainer, -1));
    double values[ROOM] = {0};
    values[3] = (double)NAN;
    assert_status(rn_trainer_set_slot(t.trainer, 0, values), RN_ERR_NONFINITE);
    assert_message_has("first_moment of weight 3");
    assert_status(rn_trainer_set_slot(t.trainer, 2, values), RN_ERR_ARGUMENT);
    training_clear(&t);
}

/* ---- refusals
 * --------------------------------------------------------------------------------------- */

static void refuse(const char *dynamics, const rn_setting *settings, int n, const char *sampler,
                   rn_index n_steps, const char *part)
{
    training_plan plan = plan_for(dynamics, settings, n, sampler);
    plan.n_steps = n_steps;
    training t = {0};
    assert_status(training_make(&plan, &t), RN_ERR_CONFIG);
    assert_message_has(part);
    training_clear(&t);
}

static void what_does_not_go_together_is_refused(void **state)
{
    (void)state;
    const rn_setting cosine[] = {{"schedule", "cosine"}};
    const rn_setting nesterov[] = {{"nesterov", "true"}};
    const rn_setting both[] = {{"momentum", "0.5"}, {"temperature", "1"}};
    const rn_setting one[] = {{"momentum", "1"}};
    const rn_setting warm[] = {{"friction", "0"}, {"temperature", "1"}};
    refuse("gradient_descent", NULL, 0, "distinct", 0, "expected sampler.kind full");
    refuse("gradient_flow", NULL, 0, "distinct", 0, "expected sampler.kind full");
    refuse("sgd", cosine, 1, NULL, 0, "expected schedule_steps");
    refuse("sgd", nesterov, 1, NULL, 0, "expected momentum");
    refuse("sgd", both, 2, NULL, 0, "expected one of them 0");
    refuse("sgd", one, 1, NULL, 0, "[0.0, 1.0)");
    refuse("inertial", warm, 2, NULL, 0, "expected friction above 0");
}

static void divergence_names_the_dynamics_and_the_batch(void **state)
{
    (void)state;
    const rn_setting settings[] = {ETA("50")};
    training_plan plan = plan_for("sgd", settings, 2, "distinct");
    plan.model = "linear";
    plan.model_settings[0].key = NULL;
    training t = make(&plan);
    assert_status(rn_trainer_advance(t.trainer, 1000, NULL), RN_ERR_NONFINITE);
    assert_message_has("of its batch");
    assert_message_has("sgd with learning rate 50 diverges");
    training_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_those_of_a_plain_loop),
        cmocka_unit_test(svrg_corrects_batches_by_the_anchor),
        cmocka_unit_test(lines_add_up_to_the_step),
        cmocka_unit_test(single_samples_have_gradients_of_their_own),
        cmocka_unit_test(rates_follow_their_schedules),
        cmocka_unit_test(resumed_training_has_the_same_bits),
        cmocka_unit_test(slots_have_names_and_refuse_what_is_not_a_number),
        cmocka_unit_test(what_does_not_go_together_is_refused),
        cmocka_unit_test(divergence_names_the_dynamics_and_the_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
