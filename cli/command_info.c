/*
 * renorm info: version, libraries, threads.
 */
#include <renorm/config.h>
#include <renorm/info.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "json.h"
#include "terminal.h"

static const flag flags[] = {
    {.name = "json", .help = "as JSON"},
};

/* The section of a configuration that topic i opens with its first kind; NULL for any other. */
static const char *opens_axis(rn_index i)
{
    rn_topic topic;
    rn_topic before;
    if (rn_topic_get(i, &topic) < 0 || !topic.kind) return NULL;
    if (i > 0 && rn_topic_get(i - 1, &before) == RN_OK
        && strcmp(before.section, topic.section) == 0)
        return NULL;
    return topic.section;
}

/* Kind number i of that section, from topic `first` on; NULL beyond the last. */
static const char *kind_of(const char *section, rn_index first, rn_index i)
{
    rn_topic topic;
    if (first + i >= rn_topic_count() || rn_topic_get(first + i, &topic) < 0) return NULL;
    return strcmp(topic.section, section) == 0 ? topic.kind : NULL;
}

static void print_kinds_json(json *j)
{
    json_open(j, "kinds", '{');
    for (rn_index i = 0; i < rn_topic_count(); i++) {
        const char *section = opens_axis(i);
        if (!section) continue;
        json_open(j, section, '[');
        for (rn_index k = 0; kind_of(section, i, k); k++)
            json_text(j, NULL, kind_of(section, i, k));
        json_close(j, ']');
    }
    json_close(j, '}');
}

static void print_json(const rn_info *info)
{
    json j = {.stream = stdout};
    json_open(&j, NULL, '{');
    json_text(&j, "version", info->version);
    json_text(&j, "compiler", info->compiler);
    json_integer(&j, "processors", info->processors);
    json_integer(&j, "memory_bytes", info->memory_bytes);
    json_text(&j, "blas_core", info->blas_core);
    json_text(&j, "blas_better_core", info->blas_better_core);
    json_boolean(&j, "blas_is_openmp", info->blas_is_openmp);
    json_open(&j, "libraries", '[');
    for (rn_index i = 0; i < info->n_libraries; i++) {
        const rn_library *l = &info->libraries[i];
        json_open(&j, NULL, '{');
        json_text(&j, "name", l->name);
        json_text(&j, "version", l->version);
        json_text(&j, "purpose", l->purpose);
        json_text(&j, "detail", l->detail);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    print_kinds_json(&j);
    json_close(&j, '}');
    printf("\n");
}

/* Four columns: aligned on a terminal, separated by tabs elsewhere. */
static void print_line(const terminal *t, const char *name, const char *value, const char *purpose,
                       const char *detail)
{
    if (!t->is_terminal) {
        printf("%s\t%s\t%s\t%s\n", name, value, purpose, detail);
        return;
    }
    printf("  %s%-12s%s %-16s %s\n", style_text(t, STYLE_STRONG), name, style_text(t, STYLE_PLAIN),
           value, purpose);
    if (detail[0])
        printf("  %-12s %-16s %s%s%s\n", "", "", style_text(t, STYLE_FAINT), detail,
               style_text(t, STYLE_PLAIN));
}

/* What this build can do: the kinds of every axis. */
static void print_kinds(const terminal *t)
{
    for (rn_index i = 0; i < rn_topic_count(); i++) {
        const char *section = opens_axis(i);
        if (!section) continue;
        char kinds[512] = "";
        char count[16];
        rn_index n_kinds = 0;
        size_t used = 0;
        for (; kind_of(section, i, n_kinds) && used < sizeof kinds; n_kinds++)
            used += (size_t)snprintf(kinds + used, sizeof kinds - used, "%s%s", n_kinds ? ", " : "",
                                     kind_of(section, i, n_kinds));
        (void)snprintf(count, sizeof count, "%d kinds", (int)n_kinds);
        print_line(t, section, n_kinds == 1 ? "1 kind" : count, kinds, "");
    }
}

static exit_status run(const arguments *given)
{
    rn_info info;
    rn_info_get(&info);
    if (argument_value(&command_info, given, "json")) {
        print_json(&info);
        return EXIT_DONE;
    }
    const terminal t = terminal_look(stdout);
    char number[64];
    print_line(&t, "renorm", info.version, "this program", info.compiler);
    (void)snprintf(number, sizeof number, "%d", info.processors);
    print_line(&t, "processors", number, "usable by this process", "");
    (void)snprintf(number, sizeof number, "%.1f GiB", (double)info.memory_bytes / 1073741824.0);
    print_line(&t, "memory", number, "of this machine", "");
    for (rn_index i = 0; i < info.n_libraries; i++) {
        const rn_library *l = &info.libraries[i];
        print_line(&t, l->name, l->version, l->purpose, l->detail);
    }
    print_kinds(&t);
    if (info.blas_better_core)
        fprintf(stderr,
                "renorm: warning: OpenBLAS chose kernels for %s; set OPENBLAS_CORETYPE=%s, which "
                "is several times faster here\n",
                info.blas_core, info.blas_better_core);
    if (!info.blas_is_openmp)
        fprintf(stderr, "renorm: warning: the pthread build of OpenBLAS was loaded; the OpenMP "
                        "build (libopenblas0-openmp) is faster here\n");
    return EXIT_DONE;
}

const command command_info = {
    .name = "info",
    .operands = "",
    .help = "version, libraries, threads, what this build can do",
    .flags = flags,
    .n_flags = (int)(sizeof flags / sizeof flags[0]),
    .run = run,
};
