/*
 * Pieces of an unfinished measurement. They only save work: whatever is wrong with one, the
 * measurement makes its numbers again.
 */
#include "run/unfinished.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "core/status.h"

static double seconds_now(void)
{
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void name_piece(rni_unfinished_kind kind, rn_index i, char name[RNI_STORE_NAME_SIZE])
{
    static const char *const kinds[] = {"basis", "tangent", "counts", "vector"};
    (void)snprintf(name, RNI_STORE_NAME_SIZE, "measuring-%s-%04" PRId64 ".h5", kinds[kind], i);
}

rni_unfinished rni_unfinished_begin(rni_store *store, const rn_observer *observer, rn_index step,
                                    double every)
{
    return (rni_unfinished){
        .store = store, .observer = observer, .step = step, .every = every, .last = seconds_now()};
}

bool rni_unfinished_is_due(const rni_unfinished *u, bool *should_stop)
{
    const rn_observer *o = u->observer;
    *should_stop = u->store && o && o->should_stop && o->should_stop(o->user);
    return *should_stop || (u->store && seconds_now() - u->last >= u->every);
}

rn_status rni_unfinished_put(rni_unfinished *u, rni_unfinished_kind kind,
                             const rni_unfinished_piece *piece)
{
    char name[RNI_STORE_NAME_SIZE];
    rn_index key = 0;
    memcpy(&key, &piece->key, sizeof key);
    const rni_hdf5_array arrays[] = {
        {.name = "key", .help = "of the state this belongs to", .integers = &key},
        {.name = "first", .help = "number of the first row", .integers = &piece->first},
        {.name = "rows",
         .help = "found by a measurement that was not finished",
         .axes = "row, entry",
         .rank = 2,
         .dims = {piece->count, piece->length},
         .reals = piece->rows}};
    name_piece(kind, u->n_pieces[kind], name);
    RNI_TRY(rni_store_keep(u->store, name, u->step, 3, arrays));
    u->n_pieces[kind]++;
    u->n_put += piece->count;
    u->last = seconds_now();
    return RN_OK;
}

/* out->count = 0 where the file is not the one that is wanted. */
static rn_status read_rows(rni_hdf5_image *image, rni_unfinished_piece *out)
{
    int rank = 0;
    rn_index dims[RNI_HDF5_RANK_MAX] = {0};
    rn_index numbers[2] = {0};
    rn_index key = 0;
    memcpy(&key, &out->key, sizeof key);
    if (rni_hdf5_read_integers(image, "key", 1, &numbers[0]) < 0
        || rni_hdf5_read_integers(image, "first", 1, &numbers[1]) < 0
        || rni_hdf5_shape(image, "rows", &rank, dims) < 0 || numbers[0] != key
        || numbers[1] != out->first || rank != 2 || dims[0] < 1 || dims[1] != out->length)
        return RN_OK;
    out->rows = rni_alloc(dims[0] * dims[1], sizeof *out->rows);
    if (!out->rows)
        return rni_fail(RN_ERR_MEMORY, "no memory for what an unfinished measurement found");
    if (rni_hdf5_read_reals(image, "rows", dims[0] * dims[1], out->rows) == RN_OK) {
        out->count = dims[0];
        return RN_OK;
    }
    rni_free(out->rows);
    out->rows = NULL;
    return RN_OK;
}

rn_status rni_unfinished_get(rni_unfinished *u, rni_unfinished_kind kind, rni_unfinished_piece *out)
{
    char name[RNI_STORE_NAME_SIZE];
    rni_hdf5_image *image = NULL;
    out->count = 0;
    out->rows = NULL;
    if (!u->store) return RN_OK;
    name_piece(kind, u->n_pieces[kind], name);
    if (!rni_store_has(u->store, name)) return RN_OK;
    const rn_status status = rni_store_read(u->store, name, &image, NULL);
    if (status < 0) return status == RN_ERR_MEMORY ? status : RN_OK;
    const rn_status read = read_rows(image, out);
    rni_hdf5_close(image);
    if (out->count == 0) return read;
    u->n_pieces[kind]++;
    u->n_found += out->count;
    return read;
}

void rni_unfinished_restart(rni_unfinished *u, rni_unfinished_kind kind)
{
    u->n_pieces[kind] = 0;
}

rn_status rni_unfinished_forget(rni_store *store)
{
    for (int kind = 0; kind < RNI_UNFINISHED_N_KINDS; kind++) {
        char name[RNI_STORE_NAME_SIZE];
        rn_index n = 0;
        for (;; n++) {
            name_piece((rni_unfinished_kind)kind, n, name);
            if (!rni_store_has(store, name)) break;
        }
        /* from the end, so that a kill in between leaves no gap */
        while (n-- > 0) {
            name_piece((rni_unfinished_kind)kind, n, name);
            RNI_TRY(rni_store_drop(store, name));
        }
    }
    return RN_OK;
}
