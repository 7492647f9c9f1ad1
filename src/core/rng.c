/*
 * Philox4x32-10 as a function (seed; index, purpose, part) -> 128 bits, and the distributions
 * made of it. Random123 supplies the cipher; everything that turns bits into numbers is here.
 */
#include "core/rng.h"

#include <Random123/philox.h>
#include <math.h>

/* The 128 bits at one counter, as two words. */
typedef struct block {
    uint64_t first, second;
} block;

static block encipher(uint64_t seed, philox4x32_ctr_t counter)
{
    const philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    const philox4x32_ctr_t out = philox4x32(counter, key);
    return (block){.first = out.v[0] | (uint64_t)out.v[1] << 32,
                   .second = out.v[2] | (uint64_t)out.v[3] << 32};
}

static block block_at(rni_stream stream, uint64_t index)
{
    const philox4x32_ctr_t counter = {
        {(uint32_t)index, (uint32_t)(index >> 32), stream.purpose, stream.part}};
    return encipher(stream.seed, counter);
}

/* (k + 1/2) 2^-52 for the top 52 bits k: exact, symmetric about 1/2, never 0 or 1. With 53 bits
   the half would be rounded away and the last value would become 1. */
static double uniform_from(uint64_t bits)
{
    return ((double)(bits >> 12) + 0.5) * 0x1p-52;
}

/* Box and Muller (Ann. Math. Stat. 29, 610, 1958), the only place that makes normals: single
   draws and fills agree to the bit because both come through here. */
static void normal_pair(rni_stream stream, uint64_t pair, double out[2])
{
    const double two_pi = 6.283185307179586476925;
    const block bits = block_at(stream, pair);
    const double radius = sqrt(-2.0 * log(uniform_from(bits.first)));
    const double angle = two_pi * uniform_from(bits.second);
    out[0] = radius * cos(angle);
    out[1] = radius * sin(angle);
}

uint64_t rni_rng_bits(rni_stream stream, uint64_t index)
{
    return block_at(stream, index).first;
}

double rni_rng_uniform(rni_stream stream, uint64_t index)
{
    return uniform_from(block_at(stream, index).first);
}

double rni_rng_normal(rni_stream stream, uint64_t index)
{
    double pair[2];
    normal_pair(stream, index / 2, pair);
    return pair[index % 2];
}

void rni_rng_fill_uniform(rni_stream stream, uint64_t first, rn_index count, double *out)
{
    for (rn_index i = 0; i < count; i++)
        out[i] = rni_rng_uniform(stream, first + (uint64_t)i);
}

void rni_rng_fill_normal(rni_stream stream, uint64_t first, rn_index count, double *out)
{
    rn_index i = 0;
    if (first % 2 == 1 && count > 0) {
        out[0] = rni_rng_normal(stream, first);
        i = 1;
    }
    for (; count - i >= 2; i += 2)
        normal_pair(stream, (first + (uint64_t)i) / 2, out + i);
    if (i < count) out[i] = rni_rng_normal(stream, first + (uint64_t)i);
}

uint64_t rni_rng_below(rni_stream stream, uint64_t index, uint64_t bound)
{
    /* 2^64 - n_surplus is a multiple of bound, so words from n_surplus on are shared out evenly. */
    const uint64_t n_surplus = (0 - bound) % bound;
    block bits = block_at(stream, index);
    for (;;) {
        if (bits.first >= n_surplus) return bits.first % bound;
        if (bits.second >= n_surplus) return bits.second % bound;
        /* Both refused (chance below 1/4): the block becomes the next counter. */
        const philox4x32_ctr_t next = {{(uint32_t)bits.first, (uint32_t)(bits.first >> 32),
                                        (uint32_t)bits.second, (uint32_t)(bits.second >> 32)}};
        bits = encipher(stream.seed, next);
    }
}

void rni_rng_permutation(rni_stream stream, rn_index count, rn_index *out)
{
    for (rn_index i = 0; i < count; i++)
        out[i] = i;
    for (rn_index i = count - 1; i > 0; i--) {
        const rn_index j = (rn_index)rni_rng_below(stream, (uint64_t)i, (uint64_t)i + 1);
        const rn_index moved = out[i];
        out[i] = out[j];
        out[j] = moved;
    }
}
