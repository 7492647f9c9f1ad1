#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/yaml.h"
#include "check.h"
#include "core/memory.h"
#include "core/text.h"

static rn_status parse(const char *text, rni_document **out)
{
    return rni_yaml_parse("f.yaml", text, (rn_index)strlen(text), out);
}

/* The document of a sound text. */
static rni_document *make_document(const char *text)
{
    rni_document *document = NULL;
    assert_status(parse(text, &document), RN_OK);
    return document;
}

static void assert_place(rni_place place, int line, int column)
{
    assert_int_equal(place.line, line);
    assert_int_equal(place.column, column);
}

static void keys_and_values_know_their_places(void **state)
{
    (void)state;
    rni_document *document = make_document("# comment\n"
                                           "seed: 3\n"
                                           "model: {kind: mlp, \"depth\": 4}\n"
                                           "data:\n"
                                           "  path: 'a b'\n"
                                           "  rates:\n"
                                           "    - 0.5\n"
                                           "    - \xC3\xBC: 1\n");
    const rni_node *root = rni_document_root(document);
    assert_int_equal(root->type, RNI_NODE_MAPPING);
    assert_int_equal(root->n_children, 3);

    const rni_node *seed = rni_node_find(root, "seed");
    assert_string_equal(seed->text, "3");
    assert_false(seed->is_quoted);
    assert_place(seed->key_place, 2, 1);
    assert_place(seed->place, 2, 7);

    const rni_node *depth = rni_node_find(rni_node_find(root, "model"), "depth");
    assert_string_equal(depth->text, "4");
    assert_place(depth->key_place, 3, 20);
    assert_place(depth->place, 3, 29);

    const rni_node *data = rni_node_find(root, "data");
    const rni_node *path = rni_node_find(data, "path");
    assert_string_equal(path->text, "a b");
    assert_true(path->is_quoted);

    const rni_node *rates = rni_node_find(data, "rates");
    assert_int_equal(rates->type, RNI_NODE_SEQUENCE);
    assert_int_equal(rates->n_children, 2);
    assert_string_equal(rates->first->text, "0.5");
    assert_null(rates->first->key);
    assert_place(rates->last->place, 8, 7);
    assert_place(rates->last->first->place, 8, 10); /* columns count characters, not bytes */
    assert_null(rni_node_find(root, "nothing"));
    rni_document_destroy(document);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void an_empty_text_has_no_root(void **state)
{
    (void)state;
    const char *const texts[] = {"", "\n", "# only a comment\n", "\xEF\xBB\xBF"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        rni_document *document = make_document(texts[i]);
        assert_null(rni_document_root(document));
        rni_document_destroy(document);
    }
}

typedef struct refusal {
    const char *text;
    const char *message;
} refusal;

static void what_configurations_do_not_need_is_refused_with_its_place(void **state)
{
    (void)state;
    static const refusal refusals[] = {
        {"a: &x 1\nb: *x\n", "f.yaml:1:4: found an anchor or alias"},
        {"a: 1\nb: *x\n", "f.yaml:2:4: found an anchor or alias"},
        {"a: &x [1]\n", "f.yaml:1:4: found an anchor or alias"},
        {"a: &x {b: 1}\n", "f.yaml:1:4: found an anchor or alias"},
        {"&x a: 1\n", "found an anchor or alias"},
        {"a: !!int 3\n", "f.yaml:1:4: found a tag"},
        {"a: !own [3]\n", "f.yaml:1:4: found a tag"},
        {"a: !own {b: 3}\n", "f.yaml:1:4: found a tag"},
        {"a: 1\nb: 2\na: 3\n",
         "f.yaml:3:1: found the key 'a' a second time, expected it once; the first is at line 1"},
        {"a: 1\n---\nb: 2\n", "f.yaml:2:1: found a second document"},
        {"? [a]\n: 1\n", "f.yaml:1:3: found a list or mapping as a key"},
        {"a: \"x\\0y\"\n", "f.yaml:1:4: found a zero character"},
        {"\"a\\0b\": 1\n", "f.yaml:1:1: found a zero character"},
        {"a: 1\nb: x\xFFy\n", "f.yaml:2:5: found the byte FF, expected UTF-8 text"},
        {"\xC3\xBC: \xC0\xAF", "f.yaml:1:4: found the byte C0, expected UTF-8 text"},
        {"a: [1, 2\n", "not YAML"},
        {"a: b: c\n", "f.yaml:1:5: not YAML"},
        {"a:\n\t- 1\n", "f.yaml:2:1: not YAML"},
        {"a: \x01\n", "not YAML"},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        rni_document *document = NULL;
        if (parse(refusals[i].text, &document) != RN_ERR_CONFIG)
            fail_msg("accepted: %s", refusals[i].text);
        assert_message_has(refusals[i].message);
        assert_null(document);
        assert_int_equal(rni_memory_bytes(), 0);
    }
}

static void zero_bytes_are_found_where_they_are(void **state)
{
    (void)state;
    rni_document *document = NULL;
    assert_status(rni_yaml_parse("f", "a: 1\nb\0: 2", 11, &document), RN_ERR_CONFIG);
    assert_message_has("f:2:2: found the byte 00, expected UTF-8 text without zero bytes");
}

static void an_alias_bomb_is_refused_before_it_grows(void **state)
{
    (void)state;
    rni_text bomb = {0};
    rni_text_add(&bomb, "a0: &a0 [x, x]\n");
    for (int i = 1; i < 40; i++)
        rni_text_add(&bomb, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
    rni_document *document = NULL;
    const rn_index before = rni_memory_bytes();
    assert_status(parse(rni_text_get(&bomb), &document), RN_ERR_CONFIG);
    assert_message_has("f.yaml:1:5: found an anchor or alias");
    assert_int_equal(rni_memory_bytes(), before);
    rni_text_clear(&bomb);
}

/* n times the unit, in memory of its own. */
static char *make_repeated(const char *unit, rn_index n)
{
    const size_t n_unit = strlen(unit);
    char *text = malloc((size_t)n * n_unit + 1);
    assert_non_null(text);
    for (rn_index i = 0; i < n; i++)
        memcpy(text + (size_t)i * n_unit, unit, n_unit);
    text[(size_t)n * n_unit] = '\0';
    return text;
}

static void check_repeated(const char *unit, rn_index n, const char *message)
{
    char *text = make_repeated(unit, n);
    rni_document *document = NULL;
    assert_status(parse(text, &document), RN_ERR_CONFIG);
    assert_message_has(message);
    free(text);
}

static void bounds_of_depth_size_and_width_hold(void **state)
{
    (void)state;
    check_repeated("[", 33, "found values nested more than 32 deep");
    check_repeated("[", 1000000, "found values nested more than 32 deep");
    check_repeated("- ", 33, "found values nested more than 32 deep");
    check_repeated("- 1\n", 50001, "found more than 50000 values in one document");
    check_repeated("x", 1048577, "found 1048577 bytes, expected at most 1048576");

    rni_text keys = {0};
    for (int i = 0; i <= RNI_TREE_MAX_KEYS; i++)
        rni_text_add(&keys, "k%d: 1\n", i);
    rni_document *document = NULL;
    assert_status(parse(rni_text_get(&keys), &document), RN_ERR_CONFIG);
    assert_message_has("f.yaml:1001:1: found more than 1000 keys in one mapping");
    rni_text_clear(&keys);

    char deepest[65];
    memset(deepest, '[', 32);
    memset(deepest + 32, ']', 32);
    deepest[64] = '\0';
    assert_status(parse(deepest, &document), RN_OK);
    rni_document_destroy(document);
}

static void unreadable_paths_name_path_and_reason(void **state)
{
    (void)state;
    rni_document *document = NULL;
    assert_status(rni_yaml_read("/nonexistent/x.yaml", &document), RN_ERR_IO);
    assert_message_has("/nonexistent/x.yaml: cannot be opened: No such file or directory");
    assert_status(rni_yaml_read("/", &document), RN_ERR_IO);
    assert_message_has("/: found a directory, expected a regular file");
    assert_status(rni_yaml_read("/dev/null", &document), RN_ERR_IO);
    assert_message_has("/dev/null: found a pipe or device, expected a regular file");

    char folder[] = "test_yaml_XXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[64];
    (void)snprintf(path, sizeof path, "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_status(rni_yaml_read(path, &document), RN_ERR_IO); /* and does not wait */
    assert_message_has("found a pipe or device");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void a_file_reads_like_its_text(void **state)
{
    (void)state;
    char path[] = "test_yaml_XXXXXX";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, "a: 1\na: 2\n", 10), 10);
    assert_int_equal(ftruncate(descriptor, 4), 0);
    rni_document *document = NULL;
    assert_status(rni_yaml_read(path, &document), RN_OK);
    assert_string_equal(rni_node_find(rni_document_root(document), "a")->text, "1");
    assert_string_equal(rni_document_name(document), path);
    rni_document_destroy(document);

    assert_int_equal(ftruncate(descriptor, RNI_YAML_MAX_BYTES + 1), 0);
    assert_status(rni_yaml_read(path, &document), RN_ERR_CONFIG);
    assert_message_has("found 1048577 bytes, expected at most 1048576");
    assert_int_equal(close(descriptor), 0);
    assert_int_equal(unlink(path), 0);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    char *text = make_repeated("- {a: [1, 2], b: text}\n", 200);
    rn_status status = RN_ERR_MEMORY;
    long fault = 0;
    while (status == RN_ERR_MEMORY) {
        rni_document *document = NULL;
        (void)rni_fail_allocation(++fault);
        status = parse(text, &document);
        if (status < 0) assert_null(document);
        rni_document_destroy(document);
        assert_int_equal(rni_memory_bytes(), 0);
    }
    (void)rni_fail_allocation(0);
    assert_status(status, RN_OK);
    assert_true(fault > 5); /* several blocks */
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_values_know_their_places),
        cmocka_unit_test(an_empty_text_has_no_root),
        cmocka_unit_test(what_configurations_do_not_need_is_refused_with_its_place),
        cmocka_unit_test(zero_bytes_are_found_where_they_are),
        cmocka_unit_test(an_alias_bomb_is_refused_before_it_grows),
        cmocka_unit_test(bounds_of_depth_size_and_width_hold),
        cmocka_unit_test(unreadable_paths_name_path_and_reason),
        cmocka_unit_test(a_file_reads_like_its_text),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
