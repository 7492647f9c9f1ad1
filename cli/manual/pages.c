/*
 * Manual pages.
 */
#include <ctype.h>
#include <renorm/config.h>
#include <renorm/info.h>
#include <string.h>

#include "manual/manual.h"

static void put_title(FILE *file, const char *name, const char *part, int section,
                      const char *collection)
{
    rn_info info;
    rn_info_get(&info);
    (void)fprintf(file, ".\\\" Generated from the option tables of renorm; edit those.\n.TH ");
    put_roff_capitals(file, name);
    put_roff_capitals(file, part);
    (void)fprintf(file, " %d \"\" \"renorm %s\" \"%s\"\n", section, info.version, collection);
}

/* ".B" or another request with its text, as one line. */
static void put_line(FILE *file, const char *request, const char *text)
{
    (void)fprintf(file, "%s ", request);
    put_roff(file, text);
    (void)fputc('\n', file);
}

/* A sentence of help: the tables write it without capital and full stop. */
static void put_sentence(FILE *file, const char *text)
{
    const char start[2] = {(char)toupper((unsigned char)text[0]), 0};
    put_roff(file, start);
    put_roff(file, text + 1);
    (void)fputs(".\n", file);
}

static void put_flag(FILE *file, const flag *f)
{
    (void)fputs(".TP\n", file);
    if (f->letter) (void)fprintf(file, "\\fB\\-%c\\fR, ", f->letter);
    (void)fputs("\\fB\\-\\-", file);
    put_roff(file, f->name);
    (void)fputs("\\fR", file);
    if (f->value) {
        (void)fputs(" \\fI", file);
        put_roff(file, f->value);
        (void)fputs("\\fR", file);
    }
    (void)fputc('\n', file);
    put_sentence(file, f->help);
}

static void put_exit_status(FILE *file)
{
    (void)fputs(".SH EXIT STATUS\n"
                ".TP\n.B 0\nDone as asked.\n"
                ".TP\n.B 1\nAn answer, weaker than asked: stopped early, or a check failed.\n"
                ".TP\n.B 2\nWrong usage or wrong configuration; nothing was started.\n"
                ".TP\n.B 3\nFailed: files, data, memory or numbers. The message says what to do.\n",
                file);
}

static void put_commands_list(FILE *file)
{
    (void)fputs(".SH COMMANDS\n", file);
    for (int i = 0; i < N_COMMANDS; i++) {
        (void)fprintf(file, ".TP\n.BR renorm\\-%s (1)\n", commands[i]->name);
        put_sentence(file, commands[i]->help);
    }
}

rn_status put_main_page(FILE *file)
{
    put_title(file, "renorm", "", 1, "User Commands");
    (void)fputs(".SH NAME\nrenorm \\- measure how learning moves error energy through a spectrum\n"
                ".SH SYNOPSIS\n.B renorm\n.I COMMAND\n.RI [ arguments ]\n.br\n"
                ".B renorm\n.I COMMAND\n.B \\-\\-help\n.br\n.B renorm \\-\\-version\n"
                ".SH DESCRIPTION\n"
                ".B renorm\ntrains a network and measures, as training goes on, how the energy of\n"
                "its error is spread over the eigenvalues of the Jacobian kernel: the energy of\n"
                "each spectral shell, the terms of its exact budget, and the velocity at which\n"
                "energy moves.\nWhat is trained and measured is written in a configuration,\n"
                ".BR renorm\\-config (5).\n",
                file);
    put_commands_list(file);
    (void)fputs(".SH OPTIONS\n.TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nList the commands; after a\n"
                "command, list its options.\n.TP\n\\fB\\-\\-version\\fR\nPrint the version.\n",
                file);
    put_exit_status(file);
    (void)fputs(".SH ENVIRONMENT\n.TP\n.B OPENBLAS_CORETYPE\nProcessor kernels of OpenBLAS. Where\n"
                "it is not set and OpenBLAS chose older kernels than the processor could run,\n"
                ".B renorm\nsets it and starts itself anew.\n"
                ".TP\n.B OMP_WAIT_POLICY\nWhere it is not set,\n.B renorm\nsets it to\n"
                ".BR passive :\nthreads that wait sleep.\n"
                ".SH EXAMPLES\n.nf\nrenorm run demo.yaml \\-o runs/demo\n"
                "renorm run demo.yaml \\-\\-set model.depth=16 \\-\\-seed 3\n"
                "renorm help model.mlp\n.fi\n"
                ".SH SEE ALSO\n.BR renorm\\-config (5)",
                file);
    for (int i = 0; i < N_COMMANDS; i++)
        (void)fprintf(file, ",\n.BR renorm\\-%s (1)", commands[i]->name);
    (void)fputc('\n', file);
    return RN_OK;
}

void put_command_page(FILE *file, const command *c)
{
    put_title(file, "renorm-", c->name, 1, "User Commands");
    (void)fprintf(file, ".SH NAME\nrenorm\\-%s \\- ", c->name);
    put_roff(file, c->help);
    (void)fprintf(file, "\n.SH SYNOPSIS\n.B renorm %s\n", c->name);
    if (c->operands[0]) put_line(file, ".I", c->operands);
    (void)fputs(".RI [ options ]\n.SH DESCRIPTION\n", file);
    put_sentence(file, c->help);
    if (c->more) put_roff_paragraphs(file, c->more);
    (void)fputs(".SH OPTIONS\n", file);
    for (int i = 0; i < c->n_flags; i++)
        put_flag(file, &c->flags[i]);
    put_flag(file, &(flag){.name = "help", .letter = 'h', .help = "list the options"});
    if (!c->more || !strstr(c->more, "Exit status:")) put_exit_status(file);
    (void)fputs(".SH SEE ALSO\n.BR renorm (1),\n.BR renorm\\-config (5)\n", file);
}

static void put_option(FILE *file, const rn_option *option)
{
    (void)fputs(".TP\n\\fB", file);
    put_roff(file, option->key);
    (void)fputs("\\fR: ", file);
    if (option->initial)
        put_roff(file, option->initial[0] ? option->initial : "\"\"");
    else
        (void)fputs("(required)", file);
    (void)fputc('\n', file);
    put_sentence(file, option->help);
    (void)fputs("Accepts ", file);
    put_roff(file, option->accepts);
    if (option->unit) {
        (void)fputs(" [", file);
        put_roff(file, option->unit);
        (void)fputc(']', file);
    }
    (void)fputs(".\n", file);
}

static rn_status put_topic(FILE *file, rn_index index, const rn_topic *topic)
{
    if (topic->kind) {
        (void)fputs(".SS kind: ", file);
        put_roff(file, topic->kind);
        (void)fputs(topic->is_default ? " (default)\n" : "\n", file);
    }
    put_sentence(file, topic->help);
    for (rn_index j = 0; j < topic->n_options; j++) {
        rn_option option;
        const rn_status status = rn_topic_option(index, j, &option);
        if (status < 0) return status;
        put_option(file, &option);
    }
    return RN_OK;
}

rn_status put_config_page(FILE *file)
{
    put_title(file, "renorm-config", "", 5, "File Formats");
    (void)fputs(".SH NAME\nrenorm\\-config \\- what renorm trains and measures\n"
                ".SH DESCRIPTION\nA configuration is a YAML file of sections. Those with kinds\n"
                "choose one of them by\n.B kind:\nand give the options of that kind; a section or\n"
                "an option that is left out has its default, given here behind its name. A word\n"
                "that is not listed is a mistake, and all mistakes are told at once.\n"
                ".PP\nOn the command line an option is written\n.BR section.key=value ,\none at\n"
                "the top of the file\n.BR key=value .\n",
                file);
    const char *section = NULL;
    const char *owner = NULL;
    for (rn_index i = 0; i < rn_topic_count(); i++) {
        rn_topic topic;
        rn_status status = rn_topic_get(i, &topic);
        if (status < 0) return status;
        if (!section || strcmp(section, topic.section) != 0) {
            section = topic.section;
            if (!owner || strcmp(owner, topic.command) != 0)
                (void)fprintf(file, ".PP\nThe sections that follow are for\n.BR renorm\\-%s (1).\n",
                              topic.command);
            owner = topic.command;
            (void)fputs(".SH ", file);
            put_roff_capitals(file, section[0] ? section : "top of the file");
            (void)fputc('\n', file);
            if (topic.kind) put_sentence(file, topic.section_help);
        }
        status = put_topic(file, i, &topic);
        if (status < 0) return status;
    }
    (void)fputs(".SH SEE ALSO\n.BR renorm (1),\n.BR renorm\\-run (1),\n.BR renorm\\-help (1)\n",
                file);
    return RN_OK;
}
