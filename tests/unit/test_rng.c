/* The random streams against values computed elsewhere, and the promises of their header. */
#include <check.h>
#include <math.h>

#include "core/memory.h"
#include "core/rng.h"

static uint64_t joined(uint32_t low, uint32_t high)
{
    return low | (uint64_t)high << 32;
}

/* The three philox4x32-10 vectors published with Random123 (kat_vectors). */
static void blocks_agree_with_the_published_vectors(void **state)
{
    (void)state;
    const rni_stream zeros = {.seed = 0, .purpose = 0, .part = 0};
    assert_int_equal(rni_rng_bits(zeros, 0), joined(0x6627e8d5, 0xe169c58d));

    const rni_stream ones = {.seed = UINT64_MAX, .purpose = UINT32_MAX, .part = UINT32_MAX};
    assert_int_equal(rni_rng_bits(ones, UINT64_MAX), joined(0x408f276d, 0x41c83b0e));

    const rni_stream pi = {
        .seed = joined(0xa4093822, 0x299f31d0), .purpose = 0x13198a2e, .part = 0x03707344};
    assert_int_equal(rni_rng_bits(pi, joined(0x243f6a88, 0x85a308d3)),
                     joined(0xd16cfe09, 0x94fdcceb));
}

/* All four words of the same vectors, seen through the normals they make. */
static void normals_use_all_four_words_of_the_published_vectors(void **state)
{
    (void)state;
    const rni_stream zeros = {.seed = 0, .purpose = 0, .part = 0};
    const double u = ((double)(joined(0x6627e8d5, 0xe169c58d) >> 12) + 0.5) / 0x1p52;
    const double v = ((double)(joined(0xbc57ac4c, 0x9b00dbd8) >> 12) + 0.5) / 0x1p52;
    const double radius = sqrt(-2 * log(u));
    /* a few roundings of numbers of order one */
    assert_close(rni_rng_uniform(zeros, 0), u, 0);
    assert_close(rni_rng_normal(zeros, 0), radius * cos(2 * acos(-1.0) * v), 1e-14);
    assert_close(rni_rng_normal(zeros, 1), radius * sin(2 * acos(-1.0) * v), 1e-14);
}

static void seed_purpose_part_and_index_each_select_another_stream(void **state)
{
    (void)state;
    const rni_stream base = {.seed = 5, .purpose = RNI_RNG_INIT, .part = 7};
    const uint64_t first = rni_rng_bits(base, 11);
    for (int bit = 0; bit < 64; bit++) {
        rni_stream other = base;
        other.seed ^= (uint64_t)1 << bit;
        assert_int_not_equal(rni_rng_bits(other, 11), first);
        assert_int_not_equal(rni_rng_bits(base, 11 ^ (uint64_t)1 << bit), first);
        other = base;
        if (bit < 32) other.purpose ^= (uint32_t)1 << bit;
        if (bit >= 32) other.part ^= (uint32_t)1 << (bit - 32);
        assert_int_not_equal(rni_rng_bits(other, 11), first);
    }
    /* exchanged arguments are different addresses */
    const rni_stream exchanged = {.seed = 5, .purpose = 7, .part = RNI_RNG_INIT};
    assert_int_not_equal(rni_rng_bits(exchanged, 11), first);
}

static void purposes_keep_their_numbers(void **state)
{
    (void)state;
    assert_int_equal(RNI_RNG_TEST, 0);
    assert_int_equal(RNI_RNG_INIT, 1);
    assert_int_equal(RNI_RNG_DATA, 2);
    assert_int_equal(RNI_RNG_LABEL_NOISE, 3);
    assert_int_equal(RNI_RNG_CHOICE, 4);
    assert_int_equal(RNI_RNG_BATCH, 5);
    assert_int_equal(RNI_RNG_PROBE_VECTOR, 6);
    assert_int_equal(RNI_RNG_NOISE, 7);
    assert_int_equal(RNI_RNG_BOOTSTRAP, 8);
}

static void fills_equal_single_draws_bit_for_bit(void **state)
{
    (void)state;
    const rni_stream stream = {.seed = 99, .purpose = RNI_RNG_TEST, .part = 3};
    const uint64_t starts[] = {0, 1, 2, 1001, UINT32_MAX - 2u, (uint64_t)UINT32_MAX + 1};
    double filled[9];
    for (size_t s = 0; s < sizeof starts / sizeof starts[0]; s++) {
        for (rn_index count = 0; count <= 8; count++) {
            filled[count] = -77; /* must survive */
            rni_rng_fill_normal(stream, starts[s], count, filled);
            for (rn_index i = 0; i < count; i++)
                assert_close(filled[i], rni_rng_normal(stream, starts[s] + (uint64_t)i), 0);
            assert_close(filled[count], -77, 0);
            rni_rng_fill_uniform(stream, starts[s], count, filled);
            for (rn_index i = 0; i < count; i++)
                assert_close(filled[i], rni_rng_uniform(stream, starts[s] + (uint64_t)i), 0);
            assert_close(filled[count], -77, 0);
        }
    }
}

static void draws_below_a_bound_stay_below_it(void **state)
{
    (void)state;
    const rni_stream stream = {.seed = 4, .purpose = RNI_RNG_TEST, .part = 0};
    const uint64_t bounds[] = {1, 2, 3, 10, (uint64_t)1 << 63, ((uint64_t)1 << 63) + 1, UINT64_MAX};
    for (size_t b = 0; b < sizeof bounds / sizeof bounds[0]; b++)
        for (uint64_t i = 0; i < 200; i++)
            assert_true(rni_rng_below(stream, i, bounds[b]) < bounds[b]);
}

/*
 * With bound 3/4 2^64 a quarter of all words is refused, a sixteenth of the draws need a second
 * block. Without refusal the lowest third would come up with chance 1/2, and if only the second
 * word were never refused with 3/8. Binomial(16000, 1/3): standard deviation 59.6.
 */
static void refused_words_leave_the_distribution_flat(void **state)
{
    (void)state;
    const rni_stream stream = {.seed = 8, .purpose = RNI_RNG_TEST, .part = 1};
    const uint64_t third = (uint64_t)1 << 62;
    int n_hits[3] = {0};
    for (uint64_t i = 0; i < 16000; i++)
        n_hits[rni_rng_below(stream, i, 3 * third) / third]++;
    for (int k = 0; k < 3; k++)
        assert_close(n_hits[k], 16000.0 / 3, 6 * 59.6);
}

static void the_empty_and_the_single_permutation_are_written_right(void **state)
{
    (void)state;
    const rni_stream stream = {.seed = 1, .purpose = RNI_RNG_CHOICE, .part = 0};
    rn_index out[2] = {-5, -5};
    rni_rng_permutation(stream, 0, out);
    assert_int_equal(out[0], -5);
    rni_rng_permutation(stream, 1, out);
    assert_int_equal(out[0], 0);
    assert_int_equal(out[1], -5);
}

static void a_permutation_holds_every_number_once(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    const rni_stream stream = {.seed = 2, .purpose = RNI_RNG_CHOICE, .part = 0};
    rn_index order[COUNT];
    bool seen[COUNT] = {false};
    rni_rng_permutation(stream, COUNT, order);
    for (int i = 0; i < COUNT; i++) {
        assert_in_range(order[i], 0, COUNT - 1);
        assert_false(seen[order[i]]);
        seen[order[i]] = true;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_agree_with_the_published_vectors),
        cmocka_unit_test(normals_use_all_four_words_of_the_published_vectors),
        cmocka_unit_test(seed_purpose_part_and_index_each_select_another_stream),
        cmocka_unit_test(purposes_keep_their_numbers),
        cmocka_unit_test(fills_equal_single_draws_bit_for_bit),
        cmocka_unit_test(draws_below_a_bound_stay_below_it),
        cmocka_unit_test(refused_words_leave_the_distribution_flat),
        cmocka_unit_test(the_empty_and_the_single_permutation_are_written_right),
        cmocka_unit_test(a_permutation_holds_every_number_once),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
