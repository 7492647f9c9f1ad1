/* MAP_ANONYMOUS */
#define _DEFAULT_SOURCE    /* NOLINT(bugprone-reserved-identifier,cert-dcl*,readability-identifier-naming): \
                              the system's own switch */
#include "processes.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { MOST_RANKS = 8 };

/* Seen by all processes; slots and results follow. */
typedef struct board {
    pthread_barrier_t barrier;
    rank_end ends[MOST_RANKS];
    double numbers[];
} board;

typedef struct place {
    board *shared;
    rn_index rank, size, capacity;
    int fails_at;
} place;

static void meet(board *shared)
{
    (void)pthread_barrier_wait(&shared->barrier);
}

/* Every rank lays its numbers down, all meet, every rank adds in order, all meet again. */
static int ordered_sum(void *user, rn_index count, double *x)
{
    place *p = user;
    const int call = p->shared->ends[p->rank].n_sums++;
    if (count > p->capacity) _exit(3);
    if (call == p->fails_at) return 1;
    memcpy(p->shared->numbers + p->rank * p->capacity, x, (size_t)count * sizeof *x);
    meet(p->shared);
    for (rn_index i = 0; i < count; i++) {
        x[i] = p->shared->numbers[i];
        for (rn_index r = 1; r < p->size; r++)
            x[i] += p->shared->numbers[r * p->capacity + i];
    }
    meet(p->shared);
    return 0;
}

static void child(place *p, rank_fn fn, void *user, double *out)
{
    const rn_communicator ranks = {
        .rank = p->rank, .size = p->size, .ordered_sum = ordered_sum, .user = p};
    rank_end *end = &p->shared->ends[p->rank];
    end->status = fn(&ranks, user, out);
    (void)snprintf(end->message, sizeof end->message, "%s", rn_last_message());
    _exit(0);
}

void processes_run(int size, rn_index capacity, int fails_at, rank_fn fn, void *user,
                   rn_index n_out, rank_end *ends, double *results)
{
    pid_t pids[MOST_RANKS];
    pthread_barrierattr_t attributes;
    assert_true(size <= MOST_RANKS);
    const size_t n_numbers = (size_t)size * (size_t)(capacity + n_out);
    const size_t bytes = sizeof(board) + n_numbers * sizeof(double);
    board *shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    assert_int_equal(pthread_barrierattr_init(&attributes), 0);
    assert_int_equal(pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED), 0);
    assert_int_equal(pthread_barrier_init(&shared->barrier, &attributes, (unsigned)size), 0);
    double *out = shared->numbers + size * capacity;
    for (rn_index i = 0; i < size * n_out; i++)
        out[i] = (double)NAN;
    (void)fflush(NULL);
    for (int r = 0; r < size; r++) {
        place p = {.shared = shared, .rank = r, .size = size, .capacity = capacity};
        p.fails_at = fails_at;
        pids[r] = fork();
        assert_true(pids[r] >= 0);
        if (pids[r] == 0) child(&p, fn, user, out + r * n_out);
    }
    for (int r = 0; r < size; r++) {
        int how = 0;
        assert_true(waitpid(pids[r], &how, 0) == pids[r]);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
        ends[r] = shared->ends[r];
    }
    memcpy(results, out, (size_t)(size * n_out) * sizeof *results);
    (void)pthread_barrier_destroy(&shared->barrier);
    (void)pthread_barrierattr_destroy(&attributes);
    (void)munmap(shared, bytes);
}
