/*
 * Removing folders.
 */
#include "remove_tree.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 4096

void remove_tree(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) {
        (void)unlink(path);
        return;
    }
    const struct dirent *entry = NULL;
    while ((entry = readdir(folder))) { /* NOLINT(concurrency-mt-unsafe): one thread */
        char inner[PATH_SIZE];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        const int length = snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (length > 0 && length < PATH_SIZE) remove_tree(inner);
    }
    (void)closedir(folder);
    (void)rmdir(path);
}
