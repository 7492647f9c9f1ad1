/*
 * Character text: windows of a file, and what comes next.
 *
 * A character is a byte; the vocabulary is the distinct bytes of the whole file in ascending order,
 * and symbol k stands for the k-th. The first part of the file serves training, the rest is held
 * out: no character of one is seen in the other. Windows start at different places, drawn one after
 * another, so that a larger choice contains the smaller.
 */
#include <string.h>

#include "backends/gzip.h"
#include "core/memory.h"
#include "core/rng.h"
#include "core/size.h"
#include "core/status.h"
#include "data/source.h"

/* Longest file: a byte per start is marked while windows are drawn. */
#define MOST_BYTES ((rn_index)1 << 26)

enum { N_BYTES = 256 };

typedef struct characters_settings {
    char *path;
    rn_index context;
    rn_index n_train;
    rn_index n_test;
    double held_out;
    int predict;
    bool is_centred;
    rn_index seed;
} characters_settings;

static const char *const predict_words[] = {"next", "every", NULL};
enum { NEXT = 0 };

static const rni_option options[] = {
    {.key = "path",
     RNI_FIELD(characters_settings, path),
     .initial = "/usr/share/common-licenses/GPL-3",
     .is_path = true,
     .help = "any file, packed or not; a character is a byte"},
    {.key = "context",
     RNI_FIELD(characters_settings, context),
     .range = RNI_BETWEEN(1, 1e6),
     .initial = "16",
     .help = "characters T of a sample"},
    {.key = "n_train",
     RNI_FIELD(characters_settings, n_train),
     .range = RNI_BETWEEN(1, 1e9),
     .initial = "128",
     .help = "training windows"},
    {.key = "n_test",
     RNI_FIELD(characters_settings, n_test),
     .range = RNI_BETWEEN(0, 1e9),
     .initial = "1000",
     .help = "held-out windows"},
    {.key = "held_out",
     RNI_FIELD(characters_settings, held_out),
     .range = RNI_BETWEEN(0, 0.9),
     .initial = "0.1",
     .help = "share of the file, at its end, that held-out windows come from"},
    {.key = "predict",
     RNI_FIELD(characters_settings, predict),
     .choices = predict_words,
     .initial = "next",
     .help = "the character behind the window, or behind every character of it"},
    {.key = "centred",
     RNI_FIELD(characters_settings, is_centred),
     .initial = "false",
     .help = "subtract 1/V from one-hot targets of V characters"},
    {.key = "seed",
     RNI_FIELD(characters_settings, seed),
     .range = RNI_AT_LEAST(-1),
     .initial = "-1",
     .help = "seed of the drawn windows; -1: the run's seed"},
};

static const rni_option_table table =
    RNI_TABLE("text", "characters of a file and what comes next", options, characters_settings);

/* ---- the file -------------------------------------------------------------------------------- */

typedef struct text {
    unsigned char *bytes; /* owned */
    rn_index n_bytes;
    rn_index n_symbols;       /* V */
    rn_index symbol[N_BYTES]; /* of a byte that occurs */
} text;

static rn_status too_long(const rni_reader *reader)
{
    return rni_fail(RN_ERR_FORMAT,
                    "%s: found more than %" PRId64
                    " bytes, expected fewer; take a part of the file",
                    reader->name, MOST_BYTES);
}

/* All bytes of a stream whose length is not known. */
static rn_status read_all(rni_reader *reader, text *out)
{
    rn_index room = 0;
    for (;;) {
        const rn_index wanted = rni_min(rni_max(65536, 2 * room), MOST_BYTES + 1);
        unsigned char *grown = rni_resize(out->bytes, room, wanted, 1);
        if (!grown) return rni_fail(RN_ERR_MEMORY, "%s: no memory to read it", reader->name);
        out->bytes = grown;
        rn_index n_got = 0;
        RNI_TRY(rni_read(reader, out->bytes + room, wanted - room, &n_got));
        out->n_bytes = room + n_got;
        if (out->n_bytes < wanted) return rni_read_end(reader);
        if (wanted > MOST_BYTES) return too_long(reader);
        room = wanted;
    }
}

static void number_symbols(text *t)
{
    bool occurs[N_BYTES] = {false};
    for (rn_index i = 0; i < t->n_bytes; i++)
        occurs[t->bytes[i]] = true;
    for (int byte = 0; byte < N_BYTES; byte++)
        if (occurs[byte]) t->symbol[byte] = t->n_symbols++;
}

static rn_status read_text(const char *path, text *out)
{
    rni_reader *reader = NULL;
    RNI_TRY(rni_gzip_open(path, &reader));
    rn_status status = read_all(reader, out);
    rni_reader_close(reader);
    if (status < 0) return status;
    number_symbols(out);
    if (out->n_symbols >= 2) return RN_OK;
    return rni_fail(RN_ERR_FORMAT,
                    "%s: found %" PRId64 " bytes of %" PRId64
                    " kinds, expected at least two different characters",
                    path, out->n_bytes, out->n_symbols);
}

/* ---- windows --------------------------------------------------------------------------------- */

/* Where windows of one part may start, and where its samples go. */
typedef struct part {
    rn_data_part which;
    rn_index first; /* byte of the file */
    rn_index n_starts;
    rn_index n_windows;
    rn_index sample; /* of the first window */
} part;

static void set_target(const characters_settings *settings, rn_index n_symbols, rn_index symbol,
                       double *target)
{
    for (rn_index c = 0; c < n_symbols; c++)
        target[c] = settings->is_centred ? -1.0 / (double)n_symbols : 0.0;
    target[symbol] += 1.0;
}

static void set_sample(const characters_settings *settings, const text *t, rn_index start,
                       rn_index sample, rn_data *data)
{
    const rn_index context = settings->context;
    const unsigned char *window = t->bytes + start;
    for (rn_index i = 0; i < context; i++)
        data->inputs[sample * context + i] = (double)t->symbol[window[i]];
    double *targets = data->targets + sample * data->target_size;
    if (settings->predict == NEXT) {
        data->labels[sample] = t->symbol[window[context]];
        set_target(settings, t->n_symbols, data->labels[sample], targets);
        return;
    }
    for (rn_index i = 0; i < context; i++)
        set_target(settings, t->n_symbols, t->symbol[window[i + 1]], targets + i * t->n_symbols);
}

/* Draws starts until enough new ones are found. */
static rn_status draw(const characters_settings *settings, uint64_t seed, const text *t,
                      const part *p, rn_data *data)
{
    unsigned char *is_taken = rni_alloc_zero(p->n_starts, 1);
    if (!is_taken) return rni_fail(RN_ERR_MEMORY, "%s: no memory to draw windows", settings->path);
    const rni_stream stream = {.seed = rni_data_seed(settings->seed, seed),
                               .purpose = RNI_RNG_CHOICE,
                               .part = (uint32_t)p->which};
    uint64_t index = 0;
    for (rn_index k = 0; k < p->n_windows; index++) {
        const rn_index start = (rn_index)rni_rng_below(stream, index, (uint64_t)p->n_starts);
        if (is_taken[start]) continue;
        is_taken[start] = 1;
        set_sample(settings, t, p->first + start, p->sample + k, data);
        k++;
    }
    rni_free(is_taken);
    return RN_OK;
}

static rn_status check_part(const characters_settings *settings, const part *p, const char *name)
{
    if (p->n_windows <= p->n_starts) return RN_OK;
    return rni_fail(RN_ERR_CONFIG,
                    "%s: found room for %" PRId64 " different windows of %" PRId64
                    " characters and one more, expected at least %s = %" PRId64,
                    settings->path, rni_max(p->n_starts, 0), settings->context, name, p->n_windows);
}

static rn_status cut(const characters_settings *settings, uint64_t seed, const text *t,
                     rn_data *data)
{
    const rn_index tail =
        settings->n_test > 0 ? (rn_index)(settings->held_out * (double)t->n_bytes) : 0;
    const part train = {.which = RN_DATA_TRAIN,
                        .n_starts = t->n_bytes - tail - settings->context,
                        .n_windows = settings->n_train};
    const part test = {.which = RN_DATA_HELD_OUT,
                       .first = t->n_bytes - tail,
                       .n_starts = tail - settings->context,
                       .n_windows = settings->n_test,
                       .sample = settings->n_train};
    RNI_TRY(check_part(settings, &train, "n_train"));
    if (settings->n_test > 0) RNI_TRY(check_part(settings, &test, "n_test"));
    const bool is_next = settings->predict == NEXT;
    RNI_TRY(rni_data_reserve(data, settings->n_train, settings->n_test, 1, &settings->context,
                             is_next ? t->n_symbols : settings->context * t->n_symbols, is_next));
    RNI_TRY(draw(settings, seed, t, &train, data));
    return settings->n_test > 0 ? draw(settings, seed, t, &test, data) : RN_OK;
}

static rn_status load(const void *settings, uint64_t seed, rn_data *data)
{
    const characters_settings *chosen = settings;
    text t = {0};
    rn_status status = read_text(chosen->path, &t);
    if (status == RN_OK) status = cut(chosen, seed, &t, data);
    rni_free(t.bytes);
    return status;
}

const rni_data_source rni_source_text = {&table, load};
