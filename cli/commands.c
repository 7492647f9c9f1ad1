/*
 * The table of commands, and what every command shares.
 */
#include "commands.h"

#include <inttypes.h>
#include <stdio.h>

const command *const commands[N_COMMANDS] = {
#define COMMAND_ADDRESS(name) &command_##name,
    COMMAND_LIST(COMMAND_ADDRESS)
#undef COMMAND_ADDRESS
};

void print_commands(void)
{
    printf("renorm measures how learning moves error energy through the spectrum of a network's\n"
           "Jacobian kernel.\n\n"
           "  renorm COMMAND [arguments]\n\n"
           "Commands:\n");
    for (int i = 0; i < N_COMMANDS; i++)
        printf("  %-10s %s\n", commands[i]->name, commands[i]->help);
    printf("\n"
           "  renorm COMMAND --help    options of a command\n"
           "  renorm help model        what a configuration may say\n"
           "  renorm --version\n\n"
           "Start with: renorm run configs/demo.yaml\n");
}

exit_status report_failure(rn_status status)
{
    fprintf(stderr, "renorm: %s\n", rn_last_message());
    if (status > 0) return EXIT_WEAKER;
    return status == RN_ERR_CONFIG ? EXIT_USAGE : EXIT_FAILED;
}

exit_status report_end(rn_status status, const rn_run *run)
{
    rn_summary summary;
    if (status <= 0) return EXIT_DONE;
    rn_run_summary(run, &summary);
    fprintf(stderr, "renorm: stopped after step %" PRId64 " of %" PRId64, summary.n_steps,
            summary.n_steps_planned);
    if (summary.folder) fprintf(stderr, "; to go on: renorm resume %s", summary.folder);
    fprintf(stderr, "\n");
    return EXIT_WEAKER;
}
