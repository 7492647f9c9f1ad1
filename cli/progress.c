/*
 * The progress line: redrawn at most ten times a second; the time left is what the work done so
 * far predicts.
 */
#include "progress.h"

#include <math.h>
#include <signal.h>
#include <string.h>

#define REDRAW_S    0.1
#define BAR_COLUMNS 18

/* Nothing is estimated before this much of the work, or this much time, is behind us. */
#define LEAST_SHARE 0.02
#define LEAST_S     1.0

static volatile sig_atomic_t n_interrupts;

static void on_interrupt(int signal_number)
{
    n_interrupts++;
    if (n_interrupts < 2) return;
    /* asked twice: end at once, the way the shell expects */
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

static double seconds_between(struct timespec from, struct timespec to)
{
    return (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
}

static struct timespec now(void)
{
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

static void clear_line(progress *p)
{
    if (p->is_drawn) fprintf(p->terminal.stream, "\r\033[K");
    p->is_drawn = false;
}

/* "about 12 s left", or "" while nothing can be said. */
static void tell_time_left(double share, double elapsed_s, char *text, size_t size)
{
    text[0] = 0;
    if (share < LEAST_SHARE || elapsed_s < LEAST_S || share >= 1.0) return;
    const double left_s = elapsed_s * (1.0 - share) / share;
    if (left_s < 90.0)
        (void)snprintf(text, size, "%.0f s left", ceil(left_s));
    else if (left_s < 5400.0)
        (void)snprintf(text, size, "%.0f min left", ceil(left_s / 60.0));
    else
        (void)snprintf(text, size, "%.1f h left", left_s / 3600.0);
}

static void draw(progress *p, const rn_progress *at, double share)
{
    char bar[BAR_SIZE];
    char left[32];
    char note[32] = "";
    bar_text(&p->terminal, share, BAR_COLUMNS, bar);
    tell_time_left(share, seconds_between(p->start, p->last), left, sizeof left);
    if (at->note && p->terminal.width >= 80) (void)snprintf(note, sizeof note, "%.26s", at->note);
    fprintf(p->terminal.stream, "\r\033[K  %-10.10s %s%s%s%s%s %3.0f %%  %-26s %s", at->phase,
            p->terminal.has_unicode ? "\u2595" : "[", style_text(&p->terminal, STYLE_ACCENT), bar,
            style_text(&p->terminal, STYLE_PLAIN), p->terminal.has_unicode ? "\u258f" : "]",
            100.0 * share, note, left);
    (void)fflush(p->terminal.stream);
    p->is_drawn = true;
}

/* Plain lines: one for each tenth of the work. */
static void print_tenth(progress *p, const rn_progress *at, double share)
{
    const int tenth = (int)floor(10.0 * share + 1e-9);
    if (tenth <= p->last_tenth) return;
    p->last_tenth = tenth;
    fprintf(p->terminal.stream, "renorm: %3d %%  %s%s%s\n", 10 * tenth, at->phase,
            at->note ? "  " : "", at->note ? at->note : "");
    (void)fflush(p->terminal.stream);
}

static void on_progress(void *user, const rn_progress *at)
{
    progress *p = user;
    if (p->is_quiet) return;
    const double share = at->total > 0.0 ? fmin(fmax(at->done / at->total, 0.0), 1.0) : 0.0;
    if (!p->terminal.is_terminal) {
        print_tenth(p, at, share);
        return;
    }
    const struct timespec time = now();
    if (p->is_drawn && seconds_between(p->last, time) < REDRAW_S) return;
    p->last = time;
    draw(p, at, share);
}

static void on_log(void *user, rn_log_level level, const char *text)
{
    progress *p = user;
    if (p->is_quiet && level == RN_LOG_INFO) return;
    clear_line(p);
    fprintf(p->terminal.stream, "%srenorm: %s%s%s\n",
            style_text(&p->terminal, level == RN_LOG_WARNING ? STYLE_BAD : STYLE_FAINT),
            level == RN_LOG_WARNING ? "warning: " : "", text,
            style_text(&p->terminal, STYLE_PLAIN));
}

static int on_should_stop(void *user)
{
    progress *p = user;
    if (n_interrupts == 1 && !p->has_told) {
        p->has_told = true;
        clear_line(p);
        fprintf(p->terminal.stream,
                "renorm: stopping after this step (press Ctrl-C again to end at once)\n");
    }
    return n_interrupts > 0;
}

void progress_start(progress *p, bool is_quiet)
{
    *p = (progress){.terminal = terminal_look(stderr), .is_quiet = is_quiet, .last_tenth = -1};
    p->start = now();
    p->last = p->start;
    n_interrupts = 0;
    struct sigaction action = {.sa_handler = on_interrupt};
    (void)sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

void progress_stop(progress *p)
{
    clear_line(p);
    (void)fflush(p->terminal.stream);
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
}

rn_observer progress_observer(progress *p)
{
    return (rn_observer){
        .progress = on_progress, .log = on_log, .should_stop = on_should_stop, .user = p};
}
