#include "loss_table.h"

#include <math.h>

#include "core/rng.h"

const double loss_table_truth[5] = {1.69, 406.4, 410.7, 0.34, 0.28};

void loss_table_make(loss_table *t)
{
    const double *p = loss_table_truth;
    for (int i = 0; i < LOSS_TABLE_N; i++) {
        const int row = i / LOSS_TABLE_COMPUTES;
        t->size[i] = 4e7 * pow(400.0, (double)row / (LOSS_TABLE_SIZES - 1));
        t->tokens[i] = 2e9 * pow(150.0, (double)((i * 3 + row) % LOSS_TABLE_COMPUTES) / 6.0);
        t->loss[i] = p[0] + p[1] * pow(t->size[i], -p[3]) + p[2] * pow(t->tokens[i], -p[4]);
    }
    t->input = (rn_fit_input){
        .n = LOSS_TABLE_N, .n_variables = 2, .x = {t->size, t->tokens}, .y = t->loss};
}

void loss_table_add_noise(loss_table *t, uint32_t draw, double size)
{
    const rni_stream stream = {.seed = 11, .purpose = RNI_RNG_TEST, .part = draw};
    for (int i = 0; i < LOSS_TABLE_N; i++)
        t->loss[i] *= exp(size * rni_rng_normal(stream, (uint64_t)i));
}

void loss_table_add_outliers(loss_table *t)
{
    int n = 0;
    for (int i = 0; i < LOSS_TABLE_N && n < 5; i += 7)
        if (t->tokens[i] < 4e9 && t->size[i] < 1e10) t->loss[i] *= 1.15 + 0.05 * n++;
}
