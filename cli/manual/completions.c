/*
 * Completions for bash, zsh and fish: words that were listed when renorm was built, so that a
 * completion starts no program.
 */
#include <renorm/config.h>
#include <string.h>

#include "manual/manual.h"

/* Text between single quotes, for any of the three shells; ' becomes '\''. */
static void put_quoted(FILE *file, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            (void)fputs("'\\''", file);
        else
            (void)fputc(*text, file);
    }
}

static void put_words(FILE *file, const word_list *list)
{
    for (int i = 0; i < list->n_words; i++)
        (void)fprintf(file, "%s%s", i ? " " : "", list->words[i]);
}

/* The words of "csv|npz", between spaces. */
static void put_choice(FILE *file, const char *name)
{
    for (; *name; name++)
        if (!strchr("[]", *name)) (void)fputc(*name == '|' ? ' ' : *name, file);
}

static void put_command_names(FILE *file)
{
    for (int i = 0; i < N_COMMANDS; i++)
        (void)fprintf(file, "%s%s", i ? " " : "", commands[i]->name);
}

/* Both lists; the words of settings and topics contain nothing a shell would read. */
static rn_status list_all(word_list *settings, word_list *topics)
{
    const rn_status status = list_settings(settings);
    return status < 0 ? status : list_help_topics(topics);
}

/* ---- bash ------------------------------------------------------------------------------------ */

static const char bash_head[] =
    "# Completion of renorm for bash. Generated from the option tables of renorm; edit those.\n\n"
    "# $1: what to offer, $2: words. Reads `word`, fills COMPREPLY.\n"
    "_renorm_offer()\n{\n"
    "    case $1 in\n"
    "    words) mapfile -t COMPREPLY < <(compgen -W \"$2\" -- \"$word\") ;;\n"
    "    folder) mapfile -t COMPREPLY < <(compgen -d -- \"$word\") ;;\n"
    "    file) mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
    "    config) mapfile -t COMPREPLY < <(\n"
    "        compgen -f -X '!*.yaml' -- \"$word\"\n"
    "        compgen -d -- \"$word\"\n"
    "    ) ;;\n"
    "    esac\n"
    "    [[ $1 == words ]] || compopt -o filenames 2>/dev/null\n"
    "    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null\n"
    "    return 0\n"
    "}\n\n";

static const char bash_start[] =
    "    local line=${COMP_LINE:0:COMP_POINT} word previous attached= i\n"
    "    local -a words\n"
    "    COMPREPLY=()\n"
    "    read -ra words <<<\"$line\"\n"
    "    [[ $line == *[[:space:]] ]] && words+=('')\n"
    "    word=${words[-1]} previous=${words[-2]-}\n"
    "    if [[ $word == --*=* ]]; then\n"
    "        previous=${word%%=*} attached=${word%%=*}= word=${word#*=}\n"
    "    fi\n"
    "    if [[ ${#words[@]} -le 2 ]]; then\n"
    "        _renorm_offer words \"$commands --help --version\"\n"
    "        return\n"
    "    fi\n"
    "    case \"${words[1]} $previous\" in\n";

/* Bash breaks words at '=' itself and expects only what follows the last one. */
static const char bash_end[] =
    "    if [[ $COMP_WORDBREAKS == *=* ]]; then\n"
    "        for i in \"${!COMPREPLY[@]}\"; do\n"
    "            COMPREPLY[i]=${COMPREPLY[i]#\"${word%\"${word##*=}\"}\"}\n"
    "        done\n"
    "    else\n"
    "        COMPREPLY=(\"${COMPREPLY[@]/#/$attached}\")\n"
    "    fi\n"
    "}\n\n"
    "complete -F _renorm renorm\n";

static void put_bash_offer(FILE *file, const char *name)
{
    switch (value_kind_of(name)) {
    case VALUE_SETTING: (void)fputs("_renorm_offer words \"$settings\"", file); break;
    case VALUE_TOPIC: (void)fputs("_renorm_offer words \"$topics\"", file); break;
    case VALUE_CONFIG: (void)fputs("_renorm_offer config", file); break;
    case VALUE_FILE: (void)fputs("_renorm_offer file", file); break;
    case VALUE_FOLDER: (void)fputs("_renorm_offer folder", file); break;
    case VALUE_CHOICE:
        (void)fputs("_renorm_offer words '", file);
        put_choice(file, name);
        (void)fputc('\'', file);
        break;
    case VALUE_ANY: (void)fputc(':', file); break;
    }
}

static void put_bash_command(FILE *file, const command *c)
{
    for (int i = 0; i < c->n_flags; i++) {
        const flag *f = &c->flags[i];
        if (!f->value) continue;
        (void)fprintf(file, "    '%s --%s'", c->name, f->name);
        if (f->letter) (void)fprintf(file, " | '%s -%c'", c->name, f->letter);
        (void)fputs(") ", file);
        put_bash_offer(file, f->value);
        (void)fputs(" ;;\n", file);
    }
    (void)fprintf(file,
                  "    '%s '*)\n        if [[ $word == -* ]]; then\n"
                  "            _renorm_offer words '",
                  c->name);
    for (int i = 0; i < c->n_flags; i++)
        (void)fprintf(file, "--%s ", c->flags[i].name);
    (void)fputs("--help'\n        else\n            ", file);
    put_bash_offer(file, c->operands);
    (void)fputs("\n        fi\n        ;;\n", file);
}

rn_status put_bash_completion(FILE *file)
{
    static word_list settings;
    static word_list topics;
    const rn_status status = list_all(&settings, &topics);
    if (status < 0) return status;
    (void)fputs(bash_head, file);
    (void)fputs("_renorm()\n{\n    local commands='", file);
    put_command_names(file);
    (void)fputs("'\n    local topics='", file);
    put_words(file, &topics);
    (void)fputs("'\n    local settings='", file);
    put_words(file, &settings);
    (void)fputs("'\n", file);
    (void)fputs(bash_start, file);
    for (int i = 0; i < N_COMMANDS; i++)
        put_bash_command(file, commands[i]);
    (void)fputs("    esac\n", file);
    (void)fputs(bash_end, file);
    return RN_OK;
}

/* ---- zsh ------------------------------------------------------------------------------------- */

/* Help in a specification of _arguments, where brackets and colons have a meaning. */
static void put_zsh_help(FILE *file, const char *text)
{
    for (; *text; text++) {
        const char one[2] = {*text, 0};
        if (strchr("[]:\\", *text)) (void)fputc('\\', file);
        put_quoted(file, one);
    }
}

static void put_zsh_action(FILE *file, const char *name)
{
    switch (value_kind_of(name)) {
    case VALUE_SETTING: (void)fputs("_renorm_settings", file); break;
    case VALUE_TOPIC: (void)fputs("_renorm_topics", file); break;
    case VALUE_CONFIG: (void)fputs("_files -g \"*.yaml\"", file); break;
    case VALUE_FILE: (void)fputs("_files", file); break;
    case VALUE_FOLDER: (void)fputs("_files -/", file); break;
    case VALUE_CHOICE:
        (void)fputc('(', file);
        put_choice(file, name);
        (void)fputc(')', file);
        break;
    case VALUE_ANY: (void)fputc(' ', file); break;
    }
}

static void put_zsh_flag(FILE *file, const flag *f)
{
    (void)fputs(" \\\n        ", file);
    if (f->letter)
        (void)fprintf(file, "'(-%c --%s)'{-%c%s,--%s%s}'", f->letter, f->name, f->letter,
                      f->value ? "+" : "", f->name, f->value ? "=" : "");
    else
        (void)fprintf(file, "'%s--%s%s", f->repeats ? "*" : "", f->name, f->value ? "=" : "");
    (void)fputc('[', file);
    put_zsh_help(file, f->help);
    (void)fputc(']', file);
    if (f->value) {
        (void)fputc(':', file);
        put_zsh_help(file, f->value);
        (void)fputc(':', file);
        put_zsh_action(file, f->value);
    }
    (void)fputc('\'', file);
}

static void put_zsh_command(FILE *file, const command *c)
{
    (void)fprintf(file, "    %s)\n        _arguments", c->name);
    for (int i = 0; i < c->n_flags; i++)
        put_zsh_flag(file, &c->flags[i]);
    put_zsh_flag(file, &(flag){.name = "help", .letter = 'h', .help = "list the options"});
    if (c->operands[0]) {
        (void)fputs(" \\\n        '*:", file);
        put_zsh_help(file, c->operands);
        (void)fputc(':', file);
        put_zsh_action(file, c->operands);
        (void)fputc('\'', file);
    }
    (void)fputs("\n        ;;\n", file);
}

rn_status put_zsh_completion(FILE *file)
{
    static word_list settings;
    static word_list topics;
    const rn_status status = list_all(&settings, &topics);
    if (status < 0) return status;
    (void)fputs("#compdef renorm\n"
                "# Completion of renorm for zsh. Generated from the option tables of renorm; "
                "edit those.\n\n_renorm_settings()\n{\n    compadd -S '' -- ",
                file);
    put_words(file, &settings);
    (void)fputs("\n}\n\n_renorm_topics()\n{\n    compadd -- ", file);
    put_words(file, &topics);
    (void)fputs("\n}\n\n_renorm()\n{\n    local -a commands=(\n", file);
    for (int i = 0; i < N_COMMANDS; i++) {
        (void)fprintf(file, "        '%s:", commands[i]->name);
        put_quoted(file, commands[i]->help);
        (void)fputs("'\n", file);
    }
    (void)fputs("    )\n    if ((CURRENT == 2)); then\n"
                "        _describe command commands\n        return\n    fi\n"
                "    shift words\n    ((CURRENT--))\n    case $words[1] in\n",
                file);
    for (int i = 0; i < N_COMMANDS; i++)
        put_zsh_command(file, commands[i]);
    (void)fputs("    esac\n}\n\n_renorm \"$@\"\n", file);
    return RN_OK;
}

/* ---- fish ------------------------------------------------------------------------------------ */

static void put_fish_values(FILE *file, const char *name)
{
    switch (value_kind_of(name)) {
    case VALUE_SETTING: (void)fputs(" -a \"$__renorm_settings\"", file); break;
    case VALUE_TOPIC: (void)fputs(" -a \"$__renorm_topics\"", file); break;
    case VALUE_CONFIG: (void)fputs(" -k -a '(__fish_complete_suffix .yaml)'", file); break;
    case VALUE_FILE: (void)fputs(" -F", file); break;
    case VALUE_FOLDER: (void)fputs(" -a '(__fish_complete_directories)'", file); break;
    case VALUE_CHOICE:
        (void)fputs(" -a '", file);
        put_choice(file, name);
        (void)fputc('\'', file);
        break;
    case VALUE_ANY: break;
    }
}

static void put_fish_command(FILE *file, const command *c)
{
    (void)fprintf(file, "complete -c renorm -n __fish_use_subcommand -a %s -d '", c->name);
    put_quoted(file, c->help);
    (void)fputs("'\n", file);
    for (int i = 0; i < c->n_flags; i++) {
        const flag *f = &c->flags[i];
        (void)fprintf(file, "complete -c renorm -n '__fish_seen_subcommand_from %s'", c->name);
        if (f->letter) (void)fprintf(file, " -s %c", f->letter);
        (void)fprintf(file, " -l %s -d '", f->name);
        put_quoted(file, f->help);
        (void)fputc('\'', file);
        if (f->value) {
            (void)fputs(" -r", file);
            put_fish_values(file, f->value);
        }
        (void)fputc('\n', file);
    }
    if (!c->operands[0]) return;
    (void)fprintf(file, "complete -c renorm -n '__fish_seen_subcommand_from %s'", c->name);
    put_fish_values(file, c->operands);
    (void)fputc('\n', file);
}

rn_status put_fish_completion(FILE *file)
{
    static word_list settings;
    static word_list topics;
    const rn_status status = list_all(&settings, &topics);
    if (status < 0) return status;
    (void)fputs("# Completion of renorm for fish. Generated from the option tables of renorm; "
                "edit those.\n\nset -g __renorm_settings ",
                file);
    put_words(file, &settings);
    (void)fputs("\nset -g __renorm_topics ", file);
    put_words(file, &topics);
    (void)fputs("\ncomplete -c renorm -f\n"
                "complete -c renorm -n __fish_use_subcommand -s h -l help -d 'list the commands'\n"
                "complete -c renorm -n __fish_use_subcommand -l version -d 'print the version'\n",
                file);
    for (int i = 0; i < N_COMMANDS; i++)
        put_fish_command(file, commands[i]);
    return RN_OK;
}
