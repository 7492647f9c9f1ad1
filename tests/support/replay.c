/*
 * Runs a fuzz target without a fuzzer: on every file of a corpus folder, and on damaged copies of
 * each. The damage is seeded, so a crash repeats; RN_TEST_CASES sets the number of copies.
 *
 * usage: TARGET CORPUS_FOLDER
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "fuzz.h"

enum { MAX_SIZE = 1 << 20, N_CHANGES = 8 };

static uint8_t original[MAX_SIZE];

static size_t read_file(const char *folder, const char *name)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) return 0;
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "replay: cannot open %s\n", path);
        exit(1);
    }
    const size_t size = fread(original, 1, sizeof original, file);
    fclose(file);
    return size;
}

/* Sets bytes, flips bits and cuts the end off. Returns the new size. */
static size_t damage(uint8_t *data, size_t size, rni_stream stream)
{
    uint64_t draw = 0;
    const uint64_t n_changes = 1 + rni_rng_below(stream, draw++, N_CHANGES);
    for (uint64_t i = 0; i < n_changes && size > 0; i++) {
        const uint64_t place = rni_rng_below(stream, draw++, size);
        const uint64_t bits = rni_rng_bits(stream, draw++);
        switch (rni_rng_below(stream, draw++, 4)) {
        case 0: data[place] = (uint8_t)bits; break;
        case 1: data[place] ^= (uint8_t)(1U << (bits % 8)); break;
        case 2: data[place] = bits % 2 ? 0xff : 0x00; break;
        default:
            if (bits % 8 == 0) size = place;
        }
    }
    return size;
}

/* The target gets blocks of exact size, so that a sanitizer sees one byte read too far. */
static void call_with_copy(size_t size, bool is_damaged, rni_stream stream)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (!copy) exit(1);
    memcpy(copy, original, size);
    const size_t new_size = is_damaged ? damage(copy, size, stream) : size;
    uint8_t *exact = realloc(copy, new_size > 0 ? new_size : 1);
    if (!exact) exit(1);
    LLVMFuzzerTestOneInput(exact, new_size);
    free(exact);
}

int main(int n_arguments, char **arguments)
{
    DIR *folder = n_arguments == 2 ? opendir(arguments[1]) : NULL;
    if (!folder) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER\n", arguments[0]);
        return 2;
    }
    const int n_copies = check_cases(300);
    uint32_t n_files = 0;
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (entry->d_name[0] == '.') continue;
        const size_t size = read_file(arguments[1], entry->d_name);
        n_files++;
        for (int i = 0; i <= n_copies; i++) {
            const rni_stream stream = {.seed = check_seed() + (uint64_t)i,
                                       .purpose = RNI_RNG_TEST,
                                       .part = (uint32_t)size};
            call_with_copy(size, i > 0, stream);
        }
    }
    closedir(folder);
    if (n_files == 0) fprintf(stderr, "replay: no files in %s\n", arguments[1]);
    printf("%u files, %d damaged copies of each\n", n_files, n_copies);
    return n_files > 0 ? 0 : 1;
}
