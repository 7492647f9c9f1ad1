/*
 * renorm_manual FOLDER: writes all pages and completions into an existing folder.
 */
#include "manual/manual.h"

/* Writes one file; RN_OK or the status of a table that could not be read. */
typedef rn_status (*page_writer)(FILE *file);

/* Opens FOLDER/name for writing; says what went wrong. */
static FILE *open_page(const char *folder, const char *name)
{
    char path[4096];
    const int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = length > 0 && (size_t)length < sizeof path ? fopen(path, "w") : NULL;
    if (!file) fprintf(stderr, "renorm_manual: %s/%s cannot be written\n", folder, name);
    return file;
}

/* Closes a page; false when anything of it did not arrive. */
static bool close_page(FILE *file, const char *name)
{
    const bool is_whole = !ferror(file);
    if (fclose(file) == 0 && is_whole) return true;
    fprintf(stderr, "renorm_manual: writing %s failed\n", name);
    return false;
}

static bool write_page(const char *folder, const char *name, page_writer writer)
{
    FILE *file = open_page(folder, name);
    if (!file) return false;
    const rn_status status = writer(file);
    if (status < 0) fprintf(stderr, "renorm_manual: %s\n", rn_last_message());
    return close_page(file, name) && status >= 0;
}

static bool write_command_page(const char *folder, const command *c)
{
    char name[64];
    (void)snprintf(name, sizeof name, "renorm-%s.1", c->name);
    FILE *file = open_page(folder, name);
    if (!file) return false;
    put_command_page(file, c);
    return close_page(file, name);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        page_writer writer;
    } pages[] = {
        {"renorm.1", put_main_page},          {"renorm-config.5", put_config_page},
        {"renorm.bash", put_bash_completion}, {"_renorm", put_zsh_completion},
        {"renorm.fish", put_fish_completion},
    };
    if (argc != 2) {
        fprintf(stderr, "usage: renorm_manual FOLDER\n");
        return EXIT_USAGE;
    }
    bool is_whole = true;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        is_whole &= write_page(argv[1], pages[i].name, pages[i].writer);
    for (int i = 0; i < N_COMMANDS; i++)
        is_whole &= write_command_page(argv[1], commands[i]);
    return is_whole ? EXIT_DONE : EXIT_FAILED;
}
