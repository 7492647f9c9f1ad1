#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "check.h"

enum { MAX_FILES = 64, MAX_PATH = 160 };

static char folder[] = "scratch_XXXXXX";
static char paths[MAX_FILES][MAX_PATH];
static int n_paths;

int scratch_setup(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

int scratch_teardown(void **state)
{
    (void)state;
    for (int i = 0; i < n_paths; i++)
        (void)unlink(paths[i]);
    return rmdir(folder);
}

const char *scratch_path(const char *name)
{
    char path[MAX_PATH];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    for (int i = 0; i < n_paths; i++)
        if (strcmp(paths[i], path) == 0) return paths[i];
    assert_true(n_paths < MAX_FILES);
    memcpy(paths[n_paths], path, sizeof path);
    return paths[n_paths++];
}

const char *scratch_write(const char *name, const void *bytes, rn_index n_bytes)
{
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    if (n_bytes > 0) assert_int_equal(fwrite(bytes, 1, (size_t)n_bytes, file), n_bytes);
    assert_int_equal(fclose(file), 0);
    return path;
}

const char *scratch_write_gzip(const char *name, const void *bytes, rn_index n_bytes)
{
    const char *path = scratch_path(name);
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    if (n_bytes > 0) assert_int_equal(gzwrite(file, bytes, (unsigned)n_bytes), n_bytes);
    assert_int_equal(gzclose(file), Z_OK);
    return path;
}
