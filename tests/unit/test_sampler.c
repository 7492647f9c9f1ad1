/*
 * Samplers: what a batch may hold, how often each sample comes, and what is refused.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "sampler/sampler.h"

enum { MOST = 64 };

static rn_batches *make(const char *kind, const char *size, rn_index n_samples, uint64_t seed)
{
    rn_sampler *sampler = NULL;
    rn_batches *batches = NULL;
    const rn_setting setting = {"batch_size", size};
    assert_status(rn_sampler_create(kind, &setting, size ? 1 : 0, &sampler), RN_OK);
    assert_status(rn_batches_create(sampler, n_samples, seed, &batches), RN_OK);
    rn_sampler_destroy(sampler);
    return batches;
}

static rn_index draw(rn_batches *batches, rn_index step, rn_index *indices)
{
    rn_index count = -1;
    assert_true(rn_batches_largest(batches) <= MOST);
    assert_status(rn_batches_draw(batches, step, indices, &count), RN_OK);
    assert_true(count >= 1 && count <= rn_batches_largest(batches));
    return count;
}

static void full_takes_all_in_order(void **state)
{
    (void)state;
    rn_batches *batches[2] = {make("full", NULL, 5, 1), NULL};
    assert_status(rn_batches_create(NULL, 5, 1, &batches[1]), RN_OK);
    for (int k = 0; k < 2; k++) {
        rn_index found[MOST];
        assert_true(rn_batches_are_full(batches[k]));
        assert_int_equal(rn_batches_per_epoch(batches[k]), 1);
        assert_int_equal(draw(batches[k], 7, found), 5);
        for (rn_index i = 0; i < 5; i++)
            assert_int_equal(found[i], i);
        rn_batches_destroy(batches[k]);
    }
}

/* One epoch of 23 samples by 5: four full batches and one of 3, every sample once. */
static void visit_epoch(rn_batches *batches, rn_index epoch, rn_index *order)
{
    int seen[23] = {0};
    rn_index n = 0;
    for (rn_index b = 0; b < 5; b++) {
        rn_index found[MOST];
        const rn_index count = draw(batches, 5 * epoch + b, found);
        assert_int_equal(count, b < 4 ? 5 : 3);
        for (rn_index j = 0; j < count; j++) {
            seen[found[j]]++;
            order[n++] = found[j];
        }
    }
    for (int i = 0; i < 23; i++)
        assert_int_equal(seen[i], 1);
}

static void epochs_visit_every_sample_once(void **state)
{
    (void)state;
    const char *const kinds[] = {"reshuffled", "fixed_order"};
    for (int k = 0; k < 2; k++) {
        rn_batches *batches = make(kinds[k], "5", 23, 9);
        rn_index first[23];
        assert_int_equal(rn_batches_per_epoch(batches), 5);
        visit_epoch(batches, 0, first);
        for (rn_index epoch = 1; epoch < 40; epoch++) {
            rn_index order[23];
            visit_epoch(batches, epoch, order);
            /* two of 23! orders are the same by chance once in 2.6e22 */
            assert_int_equal(memcmp(first, order, sizeof first) == 0, k == 1);
        }
        rn_batches_destroy(batches);
    }
}

static void batches_of_distinct_samples_have_no_sample_twice(void **state)
{
    (void)state;
    rn_batches *batches = make("distinct", "7", 9, 3);
    for (rn_index step = 0; step < 500; step++) {
        int seen[9] = {0};
        rn_index found[MOST];
        assert_int_equal(draw(batches, step, found), 7);
        for (int j = 0; j < 7; j++)
            assert_int_equal(seen[found[j]]++, 0);
    }
    rn_batches_destroy(batches);
}

/*
 * How often samples, and ordered pairs of samples in places 0 and 1 of a batch, come in S steps.
 * Each count is binomial; the largest of 36 + 6 normal deviates exceeds 4.5 with a chance of 3e-4,
 * and the seed is fixed.
 */
static void draws_are_uniform_over_samples_and_pairs(void **state)
{
    (void)state;
    const struct {
        const char *kind;
        double same, other; /* chance of a pair of equal samples, and of one of different ones */
    } cases[] = {{"with_replacement", 1.0 / 36, 1.0 / 36},
                 {"distinct", 0.0, 1.0 / 30},
                 {"reshuffled", 0.0, 1.0 / 30}};
    enum { STEPS = 60000, N = 6 };
    for (int k = 0; k < 3; k++) {
        rn_batches *batches = make(cases[k].kind, "3", N, 17);
        double single[N] = {0};
        double pair[N][N] = {{0}};
        for (rn_index step = 0; step < STEPS; step++) {
            rn_index found[MOST];
            draw(batches, step, found);
            single[found[2]]++;
            pair[found[0]][found[1]]++;
        }
        for (int i = 0; i < N; i++) {
            const double p = 1.0 / N;
            assert_close(single[i] / STEPS, p, 4.5 * sqrt(p * (1.0 - p) / STEPS));
            for (int j = 0; j < N; j++) {
                const double q = i == j ? cases[k].same : cases[k].other;
                assert_close(pair[i][j] / STEPS, q, 4.5 * sqrt(q * (1.0 - q) / STEPS));
            }
        }
        rn_batches_destroy(batches);
    }
}

static void a_batch_depends_on_seed_and_step_alone(void **state)
{
    (void)state;
    const char *const kinds[] = {"with_replacement", "distinct", "reshuffled", "fixed_order"};
    for (int k = 0; k < 4; k++) {
        rn_batches *forwards = make(kinds[k], "4", 30, 5);
        rn_batches *backwards = make(kinds[k], "4", 30, 5);
        rn_batches *other = make(kinds[k], "4", 30, 6);
        rn_index found[2][100][MOST] = {{{0}}};
        rn_index n_same = 0;
        for (rn_index step = 0; step < 100; step++) {
            (void)draw(forwards, step, found[0][step]);
            (void)draw(backwards, 99 - step, found[1][99 - step]);
        }
        assert_memory_equal(found[0], found[1], sizeof found[0]);
        for (rn_index step = 0; step < 100; step++) {
            rn_index elsewhere[MOST] = {0};
            (void)draw(other, step, elsewhere);
            n_same += memcmp(elsewhere, found[0][step], 4 * sizeof *elsewhere) == 0;
        }
        assert_true(k == 3 ? n_same > 80 : n_same < 3); /* the short last batches differ in rest */
        rni_batches_reseed(other, 5);
        (void)draw(other, 42, found[1][0]);
        assert_memory_equal(found[1][0], found[0][42], 4 * sizeof(rn_index));
        rn_batches_destroy(forwards);
        rn_batches_destroy(backwards);
        rn_batches_destroy(other);
    }
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    rn_sampler *sampler = NULL;
    rn_batches *batches = NULL;
    const rn_setting zero = {"batch_size", "0"};
    const rn_setting eight = {"batch_size", "8"};
    assert_status(rn_sampler_create("sorted", NULL, 0, &sampler), RN_ERR_ARGUMENT);
    assert_status(rn_sampler_create("distinct", &zero, 1, &sampler), RN_ERR_CONFIG);
    assert_status(rn_sampler_create("full", &eight, 1, &sampler), RN_ERR_CONFIG);
    assert_null(sampler);
    assert_status(rn_sampler_create("distinct", &eight, 1, &sampler), RN_OK);
    assert_status(rn_batches_create(sampler, 7, 1, &batches), RN_ERR_CONFIG);
    assert_message_has("found 8, expected at most the 7 samples");
    assert_status(rn_batches_create(sampler, 0, 1, &batches), RN_ERR_ARGUMENT);
    assert_null(batches);
    rn_sampler_destroy(sampler);
    assert_status(rn_sampler_create("with_replacement", &eight, 1, &sampler), RN_OK);
    assert_status(rn_batches_create(sampler, 7, 1, &batches), RN_OK);
    rn_index found[8];
    rn_index count = 77;
    assert_status(rn_batches_draw(batches, -1, found, &count), RN_ERR_ARGUMENT);
    assert_int_equal(count, 77);
    rn_batches_destroy(batches);
    rn_sampler_destroy(sampler);
    assert_string_equal(rn_sampler_kind(0), "full");
    assert_null(rn_sampler_kind(5));
}

static rn_status use(void)
{
    rn_sampler *sampler = NULL;
    rn_batches *batches = NULL;
    const rn_setting setting = {"batch_size", "4"};
    rn_status status = rn_sampler_create("reshuffled", &setting, 1, &sampler);
    if (status == RN_OK) status = rn_batches_create(sampler, 10, 1, &batches);
    rn_batches_destroy(batches);
    rn_sampler_destroy(sampler);
    return status;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    const rn_index before = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    long fault = 0;
    while (status == RN_ERR_MEMORY) {
        (void)rni_fail_allocation(++fault);
        status = use();
        (void)rni_fail_allocation(0);
        assert_int_equal(rni_memory_bytes(), before);
    }
    assert_status(status, RN_OK);
    assert_true(fault > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_takes_all_in_order),
        cmocka_unit_test(epochs_visit_every_sample_once),
        cmocka_unit_test(batches_of_distinct_samples_have_no_sample_twice),
        cmocka_unit_test(draws_are_uniform_over_samples_and_pairs),
        cmocka_unit_test(a_batch_depends_on_seed_and_step_alone),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
