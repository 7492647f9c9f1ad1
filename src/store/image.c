/*
 * Hostile HDF5 files, read in a child process. Parent and child share a piece of memory; the
 * child copies what it finds there and sets a flag last. The flag, not the child's exit status,
 * tells success: a host program that reaps children on its own must not confuse us.
 */
#define _DEFAULT_SOURCE /* NOLINT: MAP_ANONYMOUS */
#include "store/image.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/hdf5.h"
#include "core/memory.h"
#include "core/reader.h"
#include "core/size.h"
#include "core/status.h"
#include "store/folder.h"
#include "store/seal.h"

#define WORD_SIZE 400
/* what HDF5's own filters may make of a byte, at most (deflate: 1032) */
#define MOST_EXPANSION 1100
/* seconds of processor time for one file: the largest one takes about one */
#define MAX_SECONDS 20
/* what HDF5 and the library may need beside copies of the file, bytes */
#define ROOM_BYTES ((rn_index)512 << 20)

typedef struct found_array {
    bool is_found;
    int rank;
    rn_index dims[RNI_IMAGE_RANK];
    rn_index count;
    rn_index offset; /* into the pool */
} found_array;

/* The shared memory: this head, then a pool of `capacity` numbers. */
typedef struct shared {
    rn_index format;
    rn_index step;
    rn_index used; /* numbers in the pool */
    found_array arrays[RNI_IMAGE_MAX_ARRAYS];
    bool lacks_memory;      /* it failed, but not because of the file */
    char words[WORD_SIZE];  /* why it failed */
    volatile int is_done;   /* set last on success */
    volatile int is_judged; /* set after words on failure */
} shared;

typedef struct job {
    const char *path;
    const unsigned char *bytes;
    rn_index n_bytes;
    rn_index n_arrays;
    const rni_image_array *arrays;
    shared *shared;
    double *pool;
    rn_index capacity;
    bool is_foreign;
} job;

/* ---- in the child ---------------------------------------------------------------------------- */

static rn_index address_space_bytes(void)
{
    char text[64] = "";
    long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return 0;
    if (!fgets(text, sizeof text, file)) text[0] = 0;
    (void)fclose(file);
    for (const char *next = text; *next >= '0' && *next <= '9'; next++)
        pages = 10 * pages + (*next - '0');
    return (rn_index)pages * (rn_index)sysconf(_SC_PAGESIZE);
}

/* Sanitizers reserve terabytes of addresses: a limit there would refuse every allocation. */
static bool can_limit_memory(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return false;
#else
    return true;
#endif
#else
    return true;
#endif
}

static bool limit(int what, rn_index most)
{
    const struct rlimit limits = {.rlim_cur = (rlim_t)most, .rlim_max = (rlim_t)most};
    return setrlimit(what, &limits) == 0;
}

/* No files, no writing, no core dumps, little time and memory; crashes end the child. */
static bool lock_up(rn_index n_bytes)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU};
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        if (signal(fatal[i], SIG_DFL) == SIG_ERR) return false;
    const rn_index held = address_space_bytes();
    if (held > 0 && can_limit_memory() && !limit(RLIMIT_AS, held + ROOM_BYTES + 4 * n_bytes))
        return false;
    return limit(RLIMIT_CPU, MAX_SECONDS) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0)
           && limit(RLIMIT_NOFILE, 0);
}

/* Product of the dims; negative where there is none. */
static rn_index count_of(int rank, const rn_index *dims)
{
    rn_index count = 1;
    for (int k = 0; k < rank; k++)
        if (dims[k] < 0 || !rni_size_mul(count, dims[k], &count)) return -1;
    return count;
}

/* One array into the pool. Our own files store them plainly, so that together they are never longer
   than the file: a header that promises more lies. Foreign ones may be compressed, within bounds.
 */
static rn_status take_array(const job *j, rni_hdf5_image *image, rn_index i)
{
    const char *name = j->arrays[i].name;
    found_array *found = &j->shared->arrays[i];
    rn_index dims[RNI_HDF5_RANK_MAX] = {0};
    int rank = 0;
    bool is_there = true;
    if (j->is_foreign) RNI_TRY(rni_hdf5_check_plain(image, name, &is_there));
    if (!is_there || rni_hdf5_shape(image, name, &rank, dims) != RN_OK) return RN_OK;
    const int most = j->is_foreign ? RNI_IMAGE_RANK : 1;
    if (rank > most)
        return rni_fail(RN_ERR_FORMAT, "array '%s' has %d axes, expected at most %d", name, rank,
                        most);
    const rn_index count = count_of(rank, dims);
    if (count < 0 || count > j->capacity - j->shared->used)
        return rni_fail(RN_ERR_FORMAT,
                        "array '%s' promises %" PRId64 " numbers, more than the file's %" PRId64
                        " bytes can hold, or than the %" PRId64 " that are read",
                        name, count, j->n_bytes, j->capacity);
    double *values = j->pool + j->shared->used;
    const rn_status status = rni_hdf5_read_reals(image, name, count, values);
    if (status == RN_ERR_MEMORY) return status;
    if (status < 0) return rni_fail(RN_ERR_FORMAT, "array '%s' cannot be read", name);
    *found =
        (found_array){.is_found = true, .rank = rank, .count = count, .offset = j->shared->used};
    for (int k = 0; k < rank; k++)
        found->dims[k] = dims[k];
    j->shared->used += count;
    return RN_OK;
}

static rn_status read_head(const job *j, rni_hdf5_image *image)
{
    rn_status status = rni_hdf5_read_integer(image, "format", &j->shared->format);
    if (status == RN_OK) status = rni_hdf5_read_integer(image, "step", &j->shared->step);
    if (status == RN_OK) return RN_OK;
    return rni_fail(RN_ERR_FORMAT, "an HDF5 file without the attributes format and step");
}

static rn_status take_all(const job *j)
{
    rni_hdf5_image *image = NULL;
    rn_status status = rni_hdf5_open(j->bytes, j->n_bytes, &image);
    if (status == RN_ERR_MEMORY) return status;
    if (status < 0)
        return rni_fail(RN_ERR_FORMAT, "%" PRId64 " bytes that are no readable HDF5 file",
                        j->n_bytes);
    status = j->is_foreign ? RN_OK : read_head(j, image);
    for (rn_index i = 0; j->arrays && i < j->n_arrays && status == RN_OK; i++)
        status = take_array(j, image, i);
    rni_hdf5_close(image);
    return status;
}

static void work(const job *j)
{
    if (!lock_up(j->n_bytes)) return;
    const rn_status status = take_all(j);
    if (status == RN_OK) {
        j->shared->is_done = 1;
        return;
    }
    j->shared->lacks_memory = status == RN_ERR_MEMORY;
    (void)snprintf(j->shared->words, sizeof j->shared->words, "%s", rn_last_message());
    j->shared->is_judged = 1;
}

/* ---- in the parent --------------------------------------------------------------------------- */

static void wait_for(pid_t child)
{
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
}

static rn_status judge(const job *j)
{
    const shared *s = j->shared;
    if (!s->is_done && s->is_judged && s->lacks_memory)
        return rni_fail(RN_ERR_MEMORY, "%s: no memory to read it: %.*s", j->path, WORD_SIZE - 1,
                        s->words);
    if (!s->is_done && j->is_foreign)
        return rni_fail(RN_ERR_FORMAT,
                        "%s: found %.*s, expected an HDF5 file of plain arrays "
                        "(docs/formats/measured_archive.md)",
                        j->path, WORD_SIZE - 1,
                        s->is_judged ? s->words
                                     : "bytes or filters on which the HDF5 library fails");
    if (!s->is_done)
        return rni_fail(RN_ERR_FORMAT,
                        "%s: found %.*s, expected a measurement written by renorm; the file is "
                        "damaged: restore it from a copy, or repeat the run",
                        j->path, WORD_SIZE - 1,
                        s->is_judged ? s->words : "bytes on which the HDF5 library fails");
    if (s->used < 0 || s->used > j->capacity)
        return rni_fail(RN_ERR_FORMAT, "%s: found impossible sizes", j->path);
    if (j->is_foreign) return RN_OK;
    if (s->format > RNI_STORE_FORMAT)
        return rni_fail(RN_ERR_FORMAT,
                        "%s: found format %" PRId64 ", expected at most %d: it was written by a "
                        "newer renorm; install that version to read it",
                        j->path, s->format, RNI_STORE_FORMAT);
    if (s->format != RNI_STORE_FORMAT)
        return rni_fail(RN_ERR_FORMAT, "%s: found format %" PRId64 ", expected %d", j->path,
                        s->format, RNI_STORE_FORMAT);
    return RN_OK;
}

/* Copies out of the shared memory; whatever the child wrote is checked again. */
static rn_status collect(const job *j, rni_image_array *arrays, rni_image *image)
{
    RNI_TRY(judge(j));
    for (rn_index i = 0; i < j->n_arrays; i++) {
        const found_array *f = &j->shared->arrays[i];
        if (f->is_found
            && (f->rank < 0 || f->rank > RNI_IMAGE_RANK || f->count != count_of(f->rank, f->dims)
                || f->count < 0 || f->offset < 0 || f->offset > j->shared->used
                || f->count > j->shared->used - f->offset))
            return rni_fail(RN_ERR_FORMAT, "%s: found an impossible array, the file is damaged",
                            j->path);
    }
    double *block = rni_alloc(j->shared->used, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "%s: no memory for its arrays", j->path);
    if (j->shared->used > 0) memcpy(block, j->pool, (size_t)j->shared->used * sizeof *block);
    for (rn_index i = 0; i < j->n_arrays; i++) {
        const found_array *f = &j->shared->arrays[i];
        arrays[i] = (rni_image_array){.name = arrays[i].name,
                                      .is_found = f->is_found,
                                      .rank = f->rank,
                                      .count = f->count,
                                      .values = f->is_found ? block + f->offset : NULL};
        memcpy(arrays[i].dims, f->dims, sizeof f->dims);
    }
    *image = (rni_image){.format = j->shared->format, .step = j->shared->step, .block = block};
    return RN_OK;
}

/* Pages of the pool that are never touched cost nothing. */
static rn_status read_guarded(job *j, rni_image_array *arrays, rni_image *image)
{
    const size_t size = sizeof(shared) + 64 + ((size_t)j->capacity + 1) * sizeof(double);
    void *map =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) return rni_fail(RN_ERR_MEMORY, "%s: no memory for its arrays", j->path);
    j->shared = map; /* zeroed by the system */
    j->pool = (double *)(void *)((char *)map + (sizeof(shared) + 63) / 64 * 64);

    rn_status status = RN_OK;
    const pid_t child = fork();
    if (child == 0) {
        work(j);
        _exit(0);
    }
    if (child < 0) {
        status = rni_fail(RN_ERR_MEMORY, "%s: no process could be started to read it", j->path);
    } else {
        wait_for(child);
        status = collect(j, arrays, image);
    }
    (void)munmap(map, size);
    return status;
}

/* Checks the call and loads the file. */
static rn_status load(const char *function, const char *path, rn_index most, rn_index n_arrays,
                      const rni_image_array *arrays, const rni_image *image, char **bytes,
                      rn_index *n_bytes)
{
    if (!path || !arrays || !image || n_arrays < 0 || n_arrays > RNI_IMAGE_MAX_ARRAYS)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: a NULL argument, or %" PRId64 " arrays, expected 0 .. %d", function,
                        n_arrays, RNI_IMAGE_MAX_ARRAYS);
    RNI_TRY(rni_file_read(path, most, bytes, n_bytes));
    if (*n_bytes > 0) return RN_OK;
    rni_free(*bytes);
    return rni_fail(RN_ERR_FORMAT, "%s: found an empty file, expected a measurement; remove it",
                    path);
}

rn_status rni_image_read(const char *path, rn_index n_arrays, rni_image_array *arrays,
                         rni_image *image)
{
    char *bytes = NULL;
    rn_index n_bytes = 0;
    RNI_TRY(load("rni_image_read", path, RNI_IMAGE_MAX_BYTES, n_arrays, arrays, image, &bytes,
                 &n_bytes));
    job j = {.path = path,
             .bytes = (const unsigned char *)bytes,
             .n_arrays = n_arrays,
             .arrays = arrays};
    rn_status status = rni_seal_check(path, bytes, n_bytes, &j.n_bytes, NULL);
    j.capacity = j.n_bytes / (rn_index)sizeof(double) + n_arrays;
    if (status == RN_OK) status = read_guarded(&j, arrays, image);
    rni_free(bytes);
    return status;
}

rn_status rni_image_read_foreign(const char *path, rn_index n_arrays, rni_image_array *arrays,
                                 rni_image *image)
{
    char *bytes = NULL;
    rn_index n_bytes = 0;
    RNI_TRY(load("rni_image_read_foreign", path, RNI_IMAGE_MAX_FOREIGN_BYTES, n_arrays, arrays,
                 image, &bytes, &n_bytes));
    job j = {.path = path,
             .bytes = (const unsigned char *)bytes,
             .n_bytes = n_bytes,
             .n_arrays = n_arrays,
             .arrays = arrays,
             .is_foreign = true,
             .capacity = rni_min(RNI_IMAGE_MAX_FOREIGN_NUMBERS, MOST_EXPANSION * n_bytes)};
    const rn_status status = read_guarded(&j, arrays, image);
    rni_free(bytes);
    return status;
}

void rni_image_clear(rni_image *image)
{
    if (!image) return;
    rni_free(image->block);
    *image = (rni_image){0};
}
