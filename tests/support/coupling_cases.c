#include "coupling_cases.h"

#include <math.h>

#include "check.h"
#include "core/rng.h"

static const double ln2 = 0.69314718055994530942;
static const int sizes[2][CASE_SHELLS] = {{8, 5, 11, 7, 9, 6, 10, 8, 5, 11, 9, 7},
                                          {4, 12, 4, 12, 4, 12, 4, 12, 4, 12, 4, 12}};

static double normal(uint64_t seed, int part, int index)
{
    const rni_stream stream = {.seed = seed, .purpose = RNI_RNG_TEST, .part = (uint32_t)part};
    return rni_rng_normal(stream, (uint64_t)index);
}

/* The largest eigenvalue is 1, at the upper boundary of the highest shell. */
static void draw_spectrum(const coupling_case *chosen, coupling_state *out)
{
    const int *size = sizes[chosen->uneven];
    const rni_stream stream = {.seed = chosen->seed, .purpose = RNI_RNG_TEST, .part = 1};
    int u = 0;
    for (int a = 0; a < CASE_SHELLS; a++)
        for (int i = 0; i < size[a]; i++, u++) {
            const double place = (i + 0.1 + 0.8 * rni_rng_uniform(stream, (uint64_t)u)) / size[a];
            out->lambda[u] = exp((a - CASE_SHELLS + place) * ln2);
            out->shell[u] = a;
        }
    out->lambda[CASE_MODES - 1] = 1.0;
}

/* Offsets with 3 pairs or more are those that count: 0 .. CASE_SHELLS - 3. */
static void draw_defects(const coupling_case *chosen, double z[CASE_SHELLS][CASE_SHELLS])
{
    double square = 0.0;
    int n_free = 0;
    for (int offset = 0; offset < CASE_SHELLS; offset++) {
        const int count = CASE_SHELLS - offset;
        double mean = 0.0;
        for (int a = 0; a < count; a++) {
            z[a][a + offset] = normal(chosen->seed, 2, a * CASE_SHELLS + a + offset);
            mean += z[a][a + offset] / count;
        }
        for (int a = 0; a < count; a++) {
            z[a][a + offset] -= mean;
            if (count >= 3) square += z[a][a + offset] * z[a][a + offset];
        }
        if (count >= 3) n_free += count - 1;
    }
    for (int a = 0; a < CASE_SHELLS; a++)
        for (int b = a; b < CASE_SHELLS; b++)
            z[b][a] = z[a][b] *= chosen->defect / sqrt(square / n_free);
}

static double draw_entry(const coupling_case *chosen, int u, int v)
{
    if (chosen->rank == 0) return normal(chosen->seed, 3, u * CASE_MODES + v);
    double sum = 0.0;
    for (int k = 0; k < chosen->rank; k++)
        sum += normal(chosen->seed, 4 + k, u) * normal(chosen->seed, 4 + k, v);
    return sum / sqrt(chosen->rank);
}

void coupling_draw(const coupling_case *chosen, coupling_state *out)
{
    double z[CASE_SHELLS][CASE_SHELLS];
    draw_spectrum(chosen, out);
    draw_defects(chosen, z);
    for (int u = 0; u < CASE_MODES; u++)
        for (int v = 0; v <= u; v++) {
            const int a = out->shell[u];
            const int b = out->shell[v];
            const double middle = (0.5 * (a + b) + 0.5 - CASE_SHELLS) * ln2;
            const bool crosses = a >= chosen->broken && b < chosen->broken;
            const double log_k =
                -chosen->decay * (a - b) + chosen->tilt * middle + z[a][b] - (crosses ? 1.5 : 0.0);
            out->mt[u * CASE_MODES + v] = out->mt[v * CASE_MODES + u] =
                exp(log_k) * draw_entry(chosen, u, v) * sqrt(out->lambda[u] * out->lambda[v]);
        }
}

rn_coupling_report coupling_measure(const coupling_state *state, const rn_coupling_options *options)
{
    const rn_coupling_input input = {.n = CASE_MODES, .lambda = state->lambda, .mt = state->mt};
    rn_coupling_report report = {0};
    assert_status(rn_couplings_measure(&input, options, &report), RN_OK);
    const rn_coupling_report kept = report;
    rn_coupling_report_clear(&report);
    return kept;
}
