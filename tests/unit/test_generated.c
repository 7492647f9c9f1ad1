/* Generated data sets, the caller's arrays, and what all sources promise. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "data/source.h"

static rn_data *make_data(const char *source, const rn_setting *settings, rn_index n_settings,
                          uint64_t seed)
{
    rn_data *data = NULL;
    assert_status(rn_data_create(source, settings, n_settings, seed, &data), RN_OK);
    return data;
}

static void every_option_table_is_sound(void **state)
{
    (void)state;
    assert_true(rn_data_source_count() >= 4);
    for (rn_index i = 0; rni_data_sources[i]; i++) {
        assert_status(rni_option_table_check(rni_data_sources[i]->options), RN_OK);
        assert_string_equal(rn_data_source_name(i), rni_data_sources[i]->options->name);
        assert_ptr_equal(rni_data_options(i), rni_data_sources[i]->options);
    }
    assert_null(rni_data_options(rn_data_source_count()));
    assert_null(rn_data_source_name(-1));
}

static void sphere_inputs_have_norm_sqrt_d_and_the_stated_target(void **state)
{
    (void)state;
    rn_data *data = make_data("sphere", NULL, 0, 3);
    assert_int_equal(rn_data_rank(data), 1);
    assert_int_equal(rn_data_input_size(data), 8);
    assert_int_equal(rn_data_shape(data)[0], 8);
    assert_int_equal(rn_data_target_size(data), 1);
    assert_string_equal(rn_data_name(data), "sphere");
    for (int part = 0; part < 2; part++) {
        const rn_data_split split = rn_data_get(data, (rn_data_part)part);
        assert_int_equal(split.n_samples, 96);
        assert_null(split.labels);
        for (rn_index i = 0; i < split.n_samples; i++) {
            const double *x = split.inputs + i * 8;
            double square = 0.0;
            for (int j = 0; j < 8; j++)
                square += x[j] * x[j];
            assert_close(square, 8.0, 8.0 * 16.0 * DBL_EPSILON); /* 8 squares and a rescaling */
            const double target =
                0.5 * x[0] + 0.3 * x[0] * x[1] + 0.2 * sin(2 * x[2]) + 0.1 * x[3] * x[4];
            assert_close(split.targets[i], target, 8 * DBL_EPSILON);
        }
    }
    rn_data_destroy(data);
    assert_int_equal(rni_memory_bytes(), 0);
}

/* Mean of x_j^2 over the training samples. */
static double second_moment(const rn_data *data, rn_index j)
{
    const rn_data_split train = rn_data_get(data, RN_DATA_TRAIN);
    const rn_index d = rn_data_input_size(data);
    double sum = 0.0;
    for (rn_index i = 0; i < train.n_samples; i++)
        sum += train.inputs[i * d + j] * train.inputs[i * d + j];
    return sum / (double)train.n_samples;
}

static void sphere_coordinates_shrink_as_one_over_j(void **state)
{
    (void)state;
    /* In 200 dimensions the rescaling multiplies all variances by nearly one factor, so ratios of
       second moments show 1/j: relative error about sqrt(2 * 2/N) = 0.02 for N = 10,000, and
       the sphere's own bias is below 1/sum(1/j) * 2 = 0.35 for j = 1, tiny for late j. */
    const rn_setting settings[] = {{"n_train", "10000"}, {"n_test", "0"}, {"dimension", "200"}};
    rn_data *data = make_data("sphere", settings, 3, 1);
    assert_close(second_moment(data, 49) / second_moment(data, 199), 4.0, 0.4);
    assert_close(second_moment(data, 24) / second_moment(data, 99), 4.0, 0.4);
    assert_int_equal(rn_data_get(data, RN_DATA_HELD_OUT).n_samples, 0);
    rn_data_destroy(data);
}

static void power_law_variances_and_target_energies_are_as_stated(void **state)
{
    (void)state;
    const rn_setting settings[] = {{"n_train", "20000"},
                                   {"n_test", "5"},
                                   {"dimension", "16"},
                                   {"input_exponent", "1.25"},
                                   {"target_exponent", "2.5"}};
    rn_data *data = make_data("power_law", settings, 5, 1);
    const rn_data_split train = rn_data_get(data, RN_DATA_TRAIN);
    double total = 0.0;
    double expected = 0.0;
    for (rn_index j = 0; j < 16; j++) {
        /* x^2 of a Gaussian has relative deviation sqrt(2/N) = 0.01; five of them */
        const double variance = pow((double)(j + 1), -1.25);
        assert_close(second_moment(data, j), variance, 0.05 * variance);
        expected += pow((double)(j + 1), -2.5);
    }
    for (rn_index i = 0; i < train.n_samples; i++) {
        double target = 0.0;
        for (rn_index j = 0; j < 16; j++)
            target += pow((double)(j + 1), 0.5 * (1.25 - 2.5)) * train.inputs[i * 16 + j];
        assert_close(train.targets[i], target, 1e-13); /* 16 terms of order 1 to 4 */
        total += train.targets[i] * train.targets[i];
    }
    assert_close(total / 20000.0, expected, 0.05 * expected);
    rn_data_destroy(data);
}

static void label_noise_touches_training_targets_only(void **state)
{
    (void)state;
    const rn_setting settings[] = {{"n_train", "5000"}, {"dimension", "4"}, {"noise", "0.5"}};
    rn_data *noisy = make_data("power_law", settings, 3, 1);
    rn_data *clean = make_data("power_law", settings, 2, 1);
    const rn_data_split a = rn_data_get(noisy, RN_DATA_TRAIN);
    const rn_data_split b = rn_data_get(clean, RN_DATA_TRAIN);
    double square = 0.0;
    double overlap = 0.0; /* of noise i with input i of the whole block, brought to variance 1 */
    for (rn_index i = 0; i < a.n_samples; i++) {
        const double noise = a.targets[i] - b.targets[i];
        square += noise * noise;
        overlap += noise / 0.5 * a.inputs[i] * pow((double)(i % 4 + 1), 0.75);
    }
    assert_close(overlap / 5000.0, 0.0, 5.0 / sqrt(5000.0)); /* noise has a stream of its own */
    assert_close(square / 5000.0, 0.25, 0.25 * 0.1);         /* five deviations of sqrt(2/N) */
    assert_memory_equal(a.inputs, b.inputs, sizeof(double) * 5000 * 4);
    assert_memory_equal(rn_data_get(noisy, RN_DATA_HELD_OUT).targets,
                        rn_data_get(clean, RN_DATA_HELD_OUT).targets, 256 * sizeof(double));
    rn_data_destroy(noisy);
    rn_data_destroy(clean);
}

static void the_same_seed_gives_the_same_bits_and_larger_sets_contain_smaller(void **state)
{
    (void)state;
    const char *const sources[] = {"sphere", "power_law"};
    for (int s = 0; s < 2; s++) {
        const rn_setting small[] = {{"n_train", "10"}, {"n_test", "3"}, {"dimension", "6"}};
        const rn_setting large[] = {{"n_train", "20"}, {"n_test", "7"}, {"dimension", "6"}};
        const rn_setting own[] = {
            {"n_train", "10"}, {"n_test", "3"}, {"dimension", "6"}, {"seed", "9"}};
        rn_data *first = make_data(sources[s], small, 3, 9);
        rn_data *more = make_data(sources[s], large, 3, 9);
        rn_data *other = make_data(sources[s], small, 3, 10);
        rn_data *fixed = make_data(sources[s], own, 4, 10);
        for (int part = 0; part < 2; part++) {
            const rn_data_split a = rn_data_get(first, (rn_data_part)part);
            const rn_data_split b = rn_data_get(more, (rn_data_part)part);
            const rn_data_split c = rn_data_get(other, (rn_data_part)part);
            const rn_data_split d = rn_data_get(fixed, (rn_data_part)part);
            const size_t n_bytes = (size_t)(a.n_samples * 6) * sizeof(double);
            assert_memory_equal(a.inputs, b.inputs, n_bytes);
            assert_memory_equal(a.inputs, d.inputs, n_bytes);
            assert_memory_equal(a.targets, b.targets, (size_t)a.n_samples * sizeof(double));
            assert_memory_not_equal(a.inputs, c.inputs, n_bytes);
        }
        assert_memory_not_equal(rn_data_get(first, RN_DATA_TRAIN).inputs,
                                rn_data_get(first, RN_DATA_HELD_OUT).inputs, 6 * sizeof(double));
        rn_data_destroy(first);
        rn_data_destroy(more);
        rn_data_destroy(other);
        rn_data_destroy(fixed);
    }
}

static void wrong_names_and_settings_are_named(void **state)
{
    (void)state;
    rn_data *data = NULL;
    assert_status(rn_data_create("spehre", NULL, 0, 1, &data), RN_ERR_ARGUMENT);
    assert_message_has("found no source 'spehre'; did you mean 'sphere'?");
    assert_status(rn_data_create("qqq", NULL, 0, 1, &data), RN_ERR_ARGUMENT);
    assert_status(rn_data_create(NULL, NULL, 0, 1, &data), RN_ERR_ARGUMENT);
    assert_status(rn_data_create("sphere", NULL, 0, 1, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_data_create("sphere", NULL, 1, 1, &data), RN_ERR_ARGUMENT);

    const rn_setting unknown = {"n_tran", "3"};
    assert_status(rn_data_create("sphere", &unknown, 1, 1, &data), RN_ERR_CONFIG);
    assert_message_has("sphere: found the unknown setting 'n_tran'; did you mean 'n_train'?");
    const rn_setting wrong = {"dimension", "4"};
    assert_status(rn_data_create("sphere", &wrong, 1, 1, &data), RN_ERR_CONFIG);
    assert_message_has("sphere.dimension: found '4', expected an integer in [5, 1000000]");
    const rn_setting empty = {"dimension", NULL};
    assert_status(rn_data_create("sphere", &empty, 1, 1, &data), RN_ERR_ARGUMENT);
    const rn_setting vast[] = {{"n_train", "1000000000"}, {"dimension", "1000000"}};
    assert_status(rn_data_create("sphere", vast, 2, 1, &data), RN_ERR_MEMORY);
    assert_message_has("ask for fewer samples");
    assert_null(data);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void the_callers_arrays_are_copied(void **state)
{
    (void)state;
    double inputs[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    double targets[] = {0, 1, 1, 0, 0.5, 0.5};
    const rn_index labels[] = {1, 0, 1};
    const rn_index shape[] = {2, 2};
    const rn_data_desc desc = {
        .rank = 2,
        .shape = shape,
        .target_size = 2,
        .train = {.n_samples = 2, .inputs = inputs, .targets = targets, .labels = labels},
        .held_out = {
            .n_samples = 1, .inputs = inputs + 8, .targets = targets + 4, .labels = labels + 2}};
    rn_data *data = NULL;
    assert_status(rn_data_wrap(&desc, &data), RN_OK);
    inputs[0] = 100;
    const rn_data_split train = rn_data_get(data, RN_DATA_TRAIN);
    const rn_data_split held_out = rn_data_get(data, RN_DATA_HELD_OUT);
    assert_close(train.inputs[0], 1.0, 0.0);
    assert_close(train.inputs[7], 8.0, 0.0);
    assert_close(held_out.inputs[0], 9.0, 0.0);
    assert_close(held_out.targets[1], 0.5, 0.0);
    assert_int_equal(train.labels[0], 1);
    assert_int_equal(held_out.labels[0], 1);
    assert_int_equal(rn_data_rank(data), 2);
    assert_int_equal(rn_data_get_scaling(data).count, 0);
    assert_null(rn_data_class_name(data, 0));
    rn_data_destroy(data);

    rn_data_desc bad = desc;
    inputs[9] = (double)NAN;
    data = NULL;
    assert_status(rn_data_wrap(&bad, &data), RN_ERR_NONFINITE);
    inputs[9] = 0;
    const rn_index too_large[] = {1, 2, 0};
    bad.train.labels = too_large;
    assert_status(rn_data_wrap(&bad, &data), RN_ERR_ARGUMENT);
    assert_message_has("found label 2 of sample 1, expected 0 to 1");
    bad = desc;
    bad.rank = 0;
    assert_status(rn_data_wrap(&bad, &data), RN_ERR_SHAPE);
    bad = desc;
    bad.train.n_samples = 0;
    assert_status(rn_data_wrap(&bad, &data), RN_ERR_SHAPE);
    bad = desc;
    bad.held_out.labels = NULL;
    assert_status(rn_data_wrap(&bad, &data), RN_ERR_ARGUMENT);
    const rn_index vast[] = {(rn_index)1 << 47, (rn_index)1 << 47};
    bad = desc;
    bad.shape = vast;
    assert_status(rn_data_wrap(&bad, &data), RN_ERR_SHAPE);
    assert_null(data);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        rn_status status = RN_ERR_MEMORY;
        long fault = 0;
        while (status == RN_ERR_MEMORY) {
            rn_data *data = NULL;
            (void)rni_fail_allocation(++fault);
            status = rn_data_create(i == 0 ? "sphere" : "power_law", NULL, 0, 1, &data);
            if (status < 0) assert_null(data);
            rn_data_destroy(data);
            assert_int_equal(rni_memory_bytes(), 0);
        }
        (void)rni_fail_allocation(0);
        assert_status(status, RN_OK);
        assert_true(fault > 4);
    }
}

static void a_curve_is_even_and_has_the_stated_targets(void **state)
{
    (void)state;
    const rn_setting wave[] = {{"n_train", "4"},   {"n_test", "2"},      {"reach", "2"},
                               {"target", "wave"}, {"constant", "true"}, {"noise", "0"}};
    const double x[] = {-1.5, -0.5, 0.5, 1.5, -1.0, 1.0}; /* middles of quarters, then of halves */
    rn_data *data = make_data("curve", wave, 6, 3);
    assert_int_equal(rn_data_input_size(data), 2);
    for (int part = 0; part < 2; part++) {
        const rn_data_split split = rn_data_get(data, (rn_data_part)part);
        const rn_index n = part == 0 ? 4 : 2;
        assert_int_equal(split.n_samples, n);
        for (rn_index i = 0; i < n; i++) {
            const double at = x[4 * (rn_index)part + i];
            assert_close(split.inputs[2 * i], at, 1e-15);
            assert_close(split.inputs[2 * i + 1], 1.0, 0.0);
            assert_close(split.targets[i], sin(1.5 * at) + 0.3 * at * at - 0.5, 1e-15);
        }
    }
    rn_data_destroy(data);
    /* noise of the training targets alone: mean square within five errors, sqrt(2/n) */
    const rn_setting bump[] = {{"n_train", "4000"}, {"n_test", "7"}, {"noise", "0.1"}};
    data = make_data("curve", bump, 3, 3);
    assert_int_equal(rn_data_input_size(data), 1);
    double square[2] = {0.0, 0.0};
    for (int part = 0; part < 2; part++) {
        const rn_data_split split = rn_data_get(data, (rn_data_part)part);
        for (rn_index i = 0; i < split.n_samples; i++)
            square[part] += pow(split.targets[i] - exp(-split.inputs[i] * split.inputs[i]), 2.0);
    }
    assert_close(square[0] / 4000.0, 0.01, 0.01 * 5.0 * sqrt(2.0 / 4000.0));
    assert_close(square[1], 0.0, 0.0);
    rn_data_destroy(data);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void one_hot_samples_share_nothing_but_their_class(void **state)
{
    (void)state;
    const rn_setting small[] = {{"classes", "3"}, {"per_class", "2"}};
    rn_data *data = make_data("one_hot", small, 2, 3);
    const rn_data_split split = rn_data_get(data, RN_DATA_TRAIN);
    assert_int_equal(split.n_samples, 6);
    assert_int_equal(rn_data_input_size(data), 6);
    assert_int_equal(rn_data_target_size(data), 3);
    assert_int_equal(rn_data_get(data, RN_DATA_HELD_OUT).n_samples, 0);
    for (rn_index i = 0; i < 6; i++) {
        assert_int_equal(split.labels[i], i / 2);
        for (rn_index j = 0; j < 6; j++)
            assert_close(split.inputs[i * 6 + j], i == j ? 1.0 : 0.0, 0.0);
        for (rn_index k = 0; k < 3; k++)
            assert_close(split.targets[i * 3 + k], k == i / 2 ? 1.0 : 0.0, 0.0);
    }
    rn_data_destroy(data);
    assert_int_equal(rni_memory_bytes(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_table_is_sound),
        cmocka_unit_test(sphere_inputs_have_norm_sqrt_d_and_the_stated_target),
        cmocka_unit_test(sphere_coordinates_shrink_as_one_over_j),
        cmocka_unit_test(power_law_variances_and_target_energies_are_as_stated),
        cmocka_unit_test(label_noise_touches_training_targets_only),
        cmocka_unit_test(the_same_seed_gives_the_same_bits_and_larger_sets_contain_smaller),
        cmocka_unit_test(wrong_names_and_settings_are_named),
        cmocka_unit_test(a_curve_is_even_and_has_the_stated_targets),
        cmocka_unit_test(one_hot_samples_share_nothing_but_their_class),
        cmocka_unit_test(the_callers_arrays_are_copied),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
