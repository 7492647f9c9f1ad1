/*
 * The one place where work is given to processes. See worker.h.
 */
#include "study/worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/status.h"

#define MAX_WORKERS 256
#define TELL_S      0.1

typedef enum note_kind { NOTE_SHARE, NOTE_WARNING, NOTE_END } note_kind;

/* What travels through the pipe. Shorter than PIPE_BUF, so that it arrives in one piece. */
typedef struct note {
    note_kind kind;
    rn_status status;
    double share;
    char words[RNI_WORKER_WORDS];
} note;

/* ---- in the worker --------------------------------------------------------------------------- */

typedef struct teller {
    int pipe;
    int stop;
    double last; /* when it last told its share, seconds */
} teller;

static double seconds_now(void)
{
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void tell(const teller *t, note_kind kind, rn_status status, double share, const char *words)
{
    note n;
    memset(&n, 0, sizeof n); /* padding goes through the pipe too */
    n.kind = kind;
    n.status = status;
    n.share = share;
    (void)snprintf(n.words, sizeof n.words, "%s", words);
    while (write(t->pipe, &n, sizeof n) < 0 && errno == EINTR) {
    }
}

static void on_progress(void *user, const rn_progress *progress)
{
    teller *t = user;
    const double now = seconds_now();
    if (now - t->last < TELL_S) return;
    t->last = now;
    tell(t, NOTE_SHARE, RN_OK, progress->done / progress->total, "");
}

static void on_log(void *user, rn_log_level level, const char *text)
{
    if (level == RN_LOG_WARNING) tell(user, NOTE_WARNING, RN_OK, 0.0, text);
}

/* The writing end was closed, or its process has gone. */
static int on_should_stop(void *user)
{
    const teller *t = user;
    struct pollfd end = {.fd = t->stop, .events = POLLIN};
    return poll(&end, 1, 0) > 0;
}

static void be_worker(const rni_crew *crew, rni_work_fn work, const void *job, int pipe)
{
    char words[RNI_WORKER_WORDS] = "";
    teller t = {.pipe = pipe, .stop = crew->stop[0]};
    (void)close(crew->stop[1]);
    (void)signal(SIGINT, SIG_IGN); /* Ctrl-C reaches every process of the terminal: we decide */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGTERM, SIG_DFL);
    const rn_observer observer = {
        .progress = on_progress, .log = on_log, .should_stop = on_should_stop, .user = &t};
    const rn_status status = work(job, &observer, words);
    tell(&t, NOTE_END, status, 1.0, status < 0 ? rn_last_message() : words);
}

/* ---- in the parent --------------------------------------------------------------------------- */

rn_status rni_crew_create(rni_crew *crew)
{
    int ends[2];
    if (pipe(ends) != 0) return rni_fail(RN_ERR_IO, "no pipe could be made: %s", strerror(errno));
    for (int i = 0; i < 2; i++)
        (void)fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    *crew = (rni_crew){.stop = {ends[0], ends[1]}};
    return RN_OK;
}

void rni_crew_stop(rni_crew *crew)
{
    if (crew->stop[1] >= 0) (void)close(crew->stop[1]);
    crew->stop[1] = -1;
}

void rni_crew_clear(rni_crew *crew)
{
    rni_crew_stop(crew);
    (void)close(crew->stop[0]);
}

int rni_crew_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    if (!tasks) return 0;
    for (const struct dirent *entry = readdir(tasks); entry; entry = readdir(tasks))
        count += entry->d_name[0] != '.';
    (void)closedir(tasks);
    return count;
}

rn_status rni_worker_start(const rni_crew *crew, rni_work_fn work, const void *job,
                           rni_worker *worker)
{
    int ends[2];
    if (pipe(ends) != 0) return rni_fail(RN_ERR_IO, "no pipe could be made: %s", strerror(errno));
    for (int i = 0; i < 2; i++)
        (void)fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    const pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        be_worker(crew, work, job, ends[1]);
        _exit(0);
    }
    const int reason = errno;
    (void)close(ends[1]);
    if (pid < 0) {
        (void)close(ends[0]);
        return rni_fail(RN_ERR_IO, "no process could be started: %s", strerror(reason));
    }
    *worker = (rni_worker){.is_running = true, .pid = (int)pid, .pipe = ends[0]};
    return RN_OK;
}

/* The pipe has ended: the process is gone, or about to be. */
static void finish(rni_worker *worker)
{
    int how = 0;
    pid_t got = 0;
    do {
        got = waitpid((pid_t)worker->pid, &how, 0);
    } while (got < 0 && errno == EINTR);
    (void)close(worker->pipe);
    worker->is_running = false;
    if (worker->has_word) return;
    worker->status = RN_ERR_INTERNAL;
    if (got == (pid_t)worker->pid && WIFSIGNALED(how))
        (void)snprintf(worker->words, sizeof worker->words,
                       "its process was ended by signal %d%s; what it had recorded is kept",
                       WTERMSIG(how),
                       WTERMSIG(how) == SIGKILL ? " (killed, perhaps for lack of memory)" : "");
    else
        (void)snprintf(worker->words, sizeof worker->words, "its process ended without a word");
}

/* Takes one note in. @return false: the pipe has ended */
static bool listen_once(rni_worker *worker, const rn_observer *observer)
{
    note n;
    ssize_t got = 0;
    do {
        got = read(worker->pipe, &n, sizeof n);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof n) return false;
    n.words[sizeof n.words - 1] = '\0';
    if (n.kind == NOTE_WARNING) {
        if (observer && observer->log) observer->log(observer->user, RN_LOG_WARNING, n.words);
        return true;
    }
    worker->share = n.share >= 0.0 && n.share <= 1.0 ? n.share : worker->share;
    if (n.kind == NOTE_SHARE) return true;
    worker->has_word = true;
    worker->status = n.status;
    (void)snprintf(worker->words, sizeof worker->words, "%s", n.words);
    return true;
}

void rni_workers_listen(rn_index n, rni_worker *workers, int wait_ms, const rn_observer *observer)
{
    struct pollfd ends[MAX_WORKERS];
    rni_worker *behind[MAX_WORKERS];
    nfds_t count = 0;
    for (rn_index i = 0; i < n && count < MAX_WORKERS; i++) {
        if (!workers[i].is_running) continue;
        ends[count] = (struct pollfd){.fd = workers[i].pipe, .events = POLLIN};
        behind[count++] = &workers[i];
    }
    if (count == 0 || poll(ends, count, wait_ms) <= 0) return;
    for (nfds_t i = 0; i < count; i++)
        if (ends[i].revents && !listen_once(behind[i], observer)) finish(behind[i]);
}
