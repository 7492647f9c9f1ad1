/*
 * The renorm command: finds the command named on the command line and runs it.
 */
#include <renorm/config.h>
#include <renorm/info.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"

/*
 * Two libraries read their environment once, when they are loaded, so this program sets what the
 * person left open and starts itself anew: OpenBLAS's processor kernels, where it chose too old
 * ones (several times slower), and OpenMP threads that sleep instead of spinning while they wait
 * (measured 3 times faster wherever anything else runs on the machine). If that fails the run is
 * slower, nothing else.
 */
static void choose_surroundings(char **argv)
{
    rn_info info;
    bool is_changed = false;
    rn_info_get(&info);
    /* the command is single-threaded here */
    if (!getenv("OMP_WAIT_POLICY") && !getenv("GOMP_SPINCOUNT")) /* NOLINT(concurrency-mt-unsafe) */
        is_changed =
            setenv("OMP_WAIT_POLICY", "passive", 0) == 0; /* NOLINT(concurrency-mt-unsafe) */
    if (info.blas_better_core)                            /* NULL once the variable is set */
        is_changed |= setenv("OPENBLAS_CORETYPE", info.blas_better_core, 0)
                      == 0; /* NOLINT(concurrency-mt-unsafe) */
    if (is_changed) (void)execv("/proc/self/exe", argv);
}

static exit_status unknown_command(const char *word)
{
    const char *names[N_COMMANDS];
    for (int i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i]->name;
    const char *nearest = rn_nearest_word(word, N_COMMANDS, names);
    fprintf(stderr, "renorm: unknown command '%s'", word);
    if (nearest) fprintf(stderr, "; did you mean '%s'?", nearest);
    fprintf(stderr, " (renorm --help lists all)\n");
    return EXIT_USAGE;
}

/* Everything printed must have arrived: a full disk behind standard output is a failure. */
static int finish(exit_status status)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return (int)status;
    fprintf(stderr, "renorm: standard output could not be written\n");
    return EXIT_FAILED;
}

static exit_status run_command(int argc, char **argv)
{
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        print_commands();
        return EXIT_DONE;
    }
    if (strcmp(word, "--version") == 0) {
        rn_info info;
        rn_info_get(&info);
        printf("renorm %s\n", info.version);
        return EXIT_DONE;
    }
    for (int i = 0; i < N_COMMANDS; i++) {
        if (strcmp(word, commands[i]->name) != 0) continue;
        arguments given;
        exit_status status = EXIT_DONE;
        if (!parse_arguments(commands[i], argc - 2, argv + 2, &given, &status)) return status;
        return commands[i]->run(&given);
    }
    return unknown_command(word);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_commands();
        return finish(EXIT_USAGE);
    }
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a failed write, with words */
    choose_surroundings(argv);
    return finish(run_command(argc, argv));
}
