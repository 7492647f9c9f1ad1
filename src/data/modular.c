/*
 * Tables of arithmetic modulo p (Power et al., "Grokking", arXiv 2201.02177): all pairs a, b, a
 * random part of them for training and the rest held out.
 */
#include "core/memory.h"
#include "core/rng.h"
#include "core/size.h"
#include "core/status.h"
#include "data/source.h"

typedef struct modular_settings {
    rn_index modulus;
    int operation;
    double fraction;
    int encoding;
    bool is_centred;
    rn_index seed;
} modular_settings;

static const char *const operation_words[] = {"add",    "subtract", "multiply",
                                              "divide", "squares",  NULL};
enum { ADD, SUBTRACT, MULTIPLY, DIVIDE, SQUARES };

static const char *const encoding_words[] = {"symbols", "one_hot", NULL};
enum { SYMBOLS = 0 };

static const rni_option options[] = {
    {.key = "modulus",
     RNI_FIELD(modular_settings, modulus),
     .range = RNI_BETWEEN(2, 1000),
     .initial = "11",
     .help = "p; the table has p^2 cells and p classes"},
    {.key = "operation",
     RNI_FIELD(modular_settings, operation),
     .choices = operation_words,
     .initial = "add",
     .help = "a + b, a - b, a b, a / b (p prime, b not 0), or a^2 + b^2, modulo p"},
    {.key = "fraction",
     RNI_FIELD(modular_settings, fraction),
     .range = RNI_ABOVE_TO(0, 1),
     .initial = "0.5",
     .help = "share of the cells for training, at least one; the rest is held out"},
    {.key = "encoding",
     RNI_FIELD(modular_settings, encoding),
     .choices = encoding_words,
     .initial = "symbols",
     .help = "a sample is the three symbols a, b, = (numbered p), or 2 p numbers, one-hot a and b"},
    {.key = "centred",
     RNI_FIELD(modular_settings, is_centred),
     .initial = "false",
     .help = "subtract 1/p from one-hot targets"},
    {.key = "seed",
     RNI_FIELD(modular_settings, seed),
     .range = RNI_AT_LEAST(-1),
     .initial = "-1",
     .help = "seed of the split; -1: the run's seed"},
};

static bool is_prime(rn_index p)
{
    for (rn_index d = 2; d * d <= p; d++)
        if (p % d == 0) return false;
    return p >= 2;
}

static rn_status check(const void *settings)
{
    const modular_settings *chosen = settings;
    if (chosen->operation != DIVIDE || is_prime(chosen->modulus)) return RN_OK;
    return rni_fail(RN_ERR_CONFIG,
                    "found modulus: %" PRId64 " with operation: divide, expected a prime number",
                    chosen->modulus);
}

static const rni_option_table table = {.name = "modular",
                                       .help = "tables of arithmetic modulo p",
                                       .options = options,
                                       .n_options = sizeof options / sizeof options[0],
                                       .size = sizeof(modular_settings),
                                       .check = check};

/* a / b: the c with b c = a, 1 <= b < p, p prime. */
static rn_index divide(rn_index a, rn_index b, rn_index p)
{
    rn_index c = 0;
    while (b * c % p != a)
        c++;
    return c;
}

static rn_index answer(const modular_settings *settings, rn_index a, rn_index b)
{
    const rn_index p = settings->modulus;
    switch (settings->operation) {
    case ADD: return (a + b) % p;
    case SUBTRACT: return (a - b + p) % p;
    case MULTIPLY: return a * b % p;
    case DIVIDE: return divide(a, b, p);
    default: RNI_ASSERT(settings->operation == SQUARES); return (a * a + b * b) % p;
    }
}

static void set_sample(const modular_settings *settings, rn_index cell, rn_index sample,
                       rn_data *data)
{
    const rn_index p = settings->modulus;
    const rn_index n_b = settings->operation == DIVIDE ? p - 1 : p;
    const rn_index a = cell / n_b;
    const rn_index b = cell % n_b + (p - n_b); /* from 1 where 0 is left out */
    double *x = data->inputs + sample * data->input_size;
    if (settings->encoding == SYMBOLS) {
        x[0] = (double)a;
        x[1] = (double)b;
        x[2] = (double)p;
    } else {
        for (rn_index i = 0; i < p; i++) {
            x[i] = i == a ? 1.0 : 0.0;
            x[p + i] = i == b ? 1.0 : 0.0;
        }
    }
    data->labels[sample] = answer(settings, a, b);
    const double off = settings->is_centred ? -1.0 / (double)p : 0.0;
    for (rn_index c = 0; c < p; c++)
        data->targets[sample * p + c] = off + (c == data->labels[sample] ? 1.0 : 0.0);
}

static rn_status load(const void *settings, uint64_t seed, rn_data *data)
{
    const modular_settings *chosen = settings;
    const rn_index p = chosen->modulus;
    const rn_index n = chosen->operation == DIVIDE ? p * (p - 1) : p * p;
    const rn_index n_train = rni_max(1, (rn_index)(chosen->fraction * (double)n));
    const rn_index size = chosen->encoding == SYMBOLS ? 3 : 2 * p;
    RNI_TRY(rni_data_reserve(data, n_train, n - n_train, 1, &size, p, true));
    rn_index *order = rni_alloc(n, sizeof *order);
    if (!order) return rni_fail(RN_ERR_MEMORY, "modular: no memory for %" PRId64 " cells", n);
    const rni_stream stream = {.seed = rni_data_seed(chosen->seed, seed),
                               .purpose = RNI_RNG_CHOICE};
    rni_rng_permutation(stream, n, order);
    for (rn_index k = 0; k < n; k++)
        set_sample(chosen, order[k], k, data);
    rni_free(order);
    return RN_OK;
}

const rni_data_source rni_source_modular = {&table, load};
