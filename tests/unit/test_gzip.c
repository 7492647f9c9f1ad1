/* Packed streams: whole, in pieces, damaged, and by other users' files. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/gzip.h"
#include "check.h"
#include "core/memory.h"
#include "core/rng.h"
#include "scratch.h"

enum { N_BYTES = 200000 };

/* Bytes that do not pack well, so that several buffers are needed. */
static unsigned char *make_bytes(void)
{
    unsigned char *bytes = malloc(N_BYTES);
    assert_non_null(bytes);
    const rni_stream stream = {.seed = 1, .purpose = RNI_RNG_TEST};
    for (int i = 0; i < N_BYTES; i++)
        bytes[i] = (unsigned char)rni_rng_bits(stream, (uint64_t)i);
    return bytes;
}

/* Reads a whole stream in pieces; the status, and whether the bytes are the expected ones. */
static rn_status read_all(const char *path, rn_index piece, const unsigned char *expected,
                          rn_index n_expected)
{
    rni_reader *reader = NULL;
    rn_status status = rni_gzip_open(path, &reader);
    unsigned char *bytes = malloc((size_t)n_expected + 1);
    assert_non_null(bytes);
    rn_index n_read = 0;
    while (status == RN_OK && n_read < n_expected) {
        const rn_index n_left = n_expected - n_read;
        const rn_index n_now = piece < n_left ? piece : n_left;
        status = rni_read_exactly(reader, bytes + n_read, n_now, "bytes");
        n_read += n_now;
    }
    if (status == RN_OK) assert_memory_equal(bytes, expected, (size_t)n_expected);
    if (status == RN_OK) status = rni_read_end(reader);
    rni_reader_close(reader);
    free(bytes);
    return status;
}

/* The content of a file; *n_bytes its length. */
static char *make_content(const char *path, rn_index *n_bytes)
{
    char *content = NULL;
    assert_status(rni_file_read(path, 1 << 24, &content, n_bytes), RN_OK);
    return content;
}

static void packed_and_plain_files_read_alike_in_any_pieces(void **state)
{
    (void)state;
    unsigned char *bytes = make_bytes();
    const char *packed = scratch_write_gzip("a.gz", bytes, N_BYTES);
    const char *plain = scratch_write("a", bytes, N_BYTES);
    const rn_index pieces[] = {1, 7, 32768, N_BYTES};
    for (int i = 0; i < 4; i++) {
        assert_status(read_all(packed, pieces[i], bytes, N_BYTES), RN_OK);
        assert_status(read_all(plain, pieces[i], bytes, N_BYTES), RN_OK);
    }
    assert_status(read_all(scratch_write("empty", "", 0), 1, bytes, 0), RN_OK);
    assert_status(read_all(scratch_write_gzip("empty.gz", "", 0), 1, bytes, 0), RN_OK);
    free(bytes);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void several_members_are_one_stream_and_rubbish_is_none(void **state)
{
    (void)state;
    unsigned char *bytes = make_bytes();
    rn_index n_packed = 0;
    char *packed = make_content(scratch_write_gzip("a.gz", bytes, N_BYTES / 2), &n_packed);
    char *joined = malloc((size_t)n_packed * 2 + 1);
    unsigned char *twice = malloc(N_BYTES);
    assert_non_null(joined);
    assert_non_null(twice);
    memcpy(joined, packed, (size_t)n_packed);
    memcpy(joined + n_packed, packed, (size_t)n_packed);
    memcpy(twice, bytes, N_BYTES / 2);
    memcpy(twice + N_BYTES / 2, bytes, N_BYTES / 2);
    assert_status(read_all(scratch_write("two.gz", joined, 2 * n_packed), 999, twice, N_BYTES),
                  RN_OK);
    joined[n_packed] = 'x';
    for (rn_index n_more = 1; n_more <= 3; n_more++) {
        const char *path = scratch_write("tail.gz", joined, n_packed + n_more);
        assert_status(read_all(path, 999, bytes, N_BYTES / 2), RN_ERR_FORMAT);
        assert_message_has("found other bytes behind the end of the data");
    }
    free(twice);
    free(joined);
    rni_free(packed);
    free(bytes);
}

static void every_truncation_is_found(void **state)
{
    (void)state;
    const char *text = "a short text, packed";
    rn_index n_packed = 0;
    char *packed = make_content(scratch_write_gzip("a.gz", text, 20), &n_packed);
    for (rn_index n = 2; n < n_packed; n++) { /* with less than 2 bytes it is a plain file */
        const char *path = scratch_write("cut.gz", packed, n);
        assert_status(read_all(path, 5, (const unsigned char *)text, 20), RN_ERR_FORMAT);
        assert_message_has("of the compressed file: found the end of the file, expected gzip data");
    }
    rni_free(packed);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void every_changed_byte_is_found_or_harmless(void **state)
{
    (void)state;
    const char *text = "a short text, packed";
    rn_index n_packed = 0;
    char *packed = make_content(scratch_write_gzip("a.gz", text, 20), &n_packed);
    rn_index n_harmless = 0; /* the last byte of the data is filled up with unused bits */
    for (rn_index i = 10; i < n_packed; i++) { /* behind the header, whose time may change */
        packed[i] = (char)(packed[i] ^ 0x40);
        const char *path = scratch_write("bad.gz", packed, n_packed);
        rni_reader *reader = NULL;
        char bytes[64];
        rn_index n_got = 0;
        assert_status(rni_gzip_open(path, &reader), RN_OK);
        rn_status status = rni_read(reader, bytes, sizeof bytes, &n_got);
        if (status == RN_OK) status = rni_read_end(reader);
        if (status == RN_OK) {
            n_harmless++;
            assert_int_equal(n_got, 20);
            assert_memory_equal(bytes, text, 20);
        } else {
            assert_status(status, RN_ERR_FORMAT);
        }
        rni_reader_close(reader);
        packed[i] = (char)(packed[i] ^ 0x40);
    }
    assert_true(n_harmless <= 1);
    rni_free(packed);
}

static void a_stream_knows_the_most_it_can_deliver(void **state)
{
    (void)state;
    unsigned char *zeros = calloc(1, 1 << 20);
    assert_non_null(zeros);
    const char *path = scratch_write_gzip("zeros.gz", zeros, 1 << 20);
    rni_reader *reader = NULL;
    assert_status(rni_gzip_open(path, &reader), RN_OK);
    assert_true(reader->n_possible >= 1 << 20); /* the densest packing is still believed */
    assert_true(reader->n_possible < 8 << 20);
    assert_status(rni_reader_check_room(reader, 1 << 20, "numbers"), RN_OK);
    assert_status(rni_reader_check_room(reader, INT64_MAX, "numbers"), RN_ERR_FORMAT);
    rni_reader_close(reader);
    free(zeros);
}

/* Root ignores permissions, so a child process becomes an ordinary user first. */
static void files_of_others_are_reported_not_read(void **state)
{
    (void)state;
    const char *path = scratch_write("secret", "x", 1);
    assert_int_equal(chmod(path, 0), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(3);
        rni_reader *reader = NULL;
        const rn_status status = rni_gzip_open(path, &reader);
        const bool is_named = strstr(rn_last_message(), "cannot be opened: Permission denied");
        _exit(status == RN_ERR_IO && is_named ? 0 : 1);
    }
    int result = -1;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(chmod(path, 0600), 0);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_and_plain_files_read_alike_in_any_pieces),
        cmocka_unit_test(several_members_are_one_stream_and_rubbish_is_none),
        cmocka_unit_test(every_truncation_is_found),
        cmocka_unit_test(every_changed_byte_is_found_or_harmless),
        cmocka_unit_test(a_stream_knows_the_most_it_can_deliver),
        cmocka_unit_test(files_of_others_are_reported_not_read),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
