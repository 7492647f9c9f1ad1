#include <string.h>

#include "backends/yaml.h"
#include "check.h"
#include "core/memory.h"
#include "core/settings.h"
#include "sample_schema.h"

/* Validates a text with at most one override. */
static rn_status validate(const char *text, const char *set, rni_mistakes *mistakes,
                          rni_settings **out)
{
    rni_document *document = NULL;
    rn_status status = rni_yaml_parse("f.yaml", text, (rn_index)strlen(text), &document);
    if (status == RN_OK)
        status = rni_settings_create(&sample_schema, document, &set, set ? 1 : 0, mistakes, out);
    rni_document_destroy(document); /* settings do not point into it */
    return status;
}

static rni_settings *make_settings(const char *text, const char *set)
{
    rni_settings *settings = NULL;
    assert_status(validate(text, set, NULL, &settings), RN_OK);
    return settings;
}

static const char minimal[] = "data: {kind: file, path: x.idx}\n";

static void defaults_fill_what_is_not_said(void **state)
{
    (void)state;
    rni_settings *settings = make_settings(minimal, NULL);
    const sample_top *top = rni_settings_get(settings, "");
    const sample_grid *grid = rni_settings_get(settings, "grid");
    const sample_mlp *mlp = rni_settings_get(settings, "model");
    const sample_file *file = rni_settings_get(settings, "data");
    assert_int_equal(top->seed, 1);
    assert_close(grid->step, 0.5, 0.0);
    assert_int_equal(grid->marks.count, 0);
    assert_int_equal(mlp->depth, 8);
    assert_string_equal(file->path, "x.idx");
    assert_string_equal(rni_settings_table(settings, "model")->name, "residual_mlp");
    assert_null(rni_settings_get(settings, "nothing"));
    assert_null(rni_settings_table(settings, "nothing"));
    rni_settings_destroy(settings);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void what_is_said_arrives(void **state)
{
    (void)state;
    rni_settings *settings = make_settings("seed: 7\n"
                                           "note: \"yes\"\n"
                                           "grid:\n  step: 1e-3\n  marks: [0, 1.5, 20]\n"
                                           "model:\n  kind: residual_mlp\n  activation: relu\n"
                                           "  tied: true\n"
                                           "data:\n  kind: file\n  path: 123\n  n_train: 4\n",
                                           NULL);
    const sample_top *top = rni_settings_get(settings, "");
    const sample_grid *grid = rni_settings_get(settings, "grid");
    const sample_mlp *mlp = rni_settings_get(settings, "model");
    const sample_file *file = rni_settings_get(settings, "data");
    assert_int_equal(top->seed, 7);
    assert_string_equal(top->note, "yes");
    assert_close(grid->step, 1e-3, 0.0);
    assert_int_equal(grid->marks.count, 3);
    assert_close(grid->marks.values[1], 1.5, 0.0);
    assert_int_equal(mlp->activation, 1);
    assert_true(mlp->is_tied);
    assert_string_equal(file->path, "123");
    assert_int_equal(file->n_train, 4);
    rni_settings_destroy(settings);
}

static void an_empty_section_means_its_defaults(void **state)
{
    (void)state;
    rni_settings *settings = make_settings("grid:\nmodel: {}\ndata: {kind: file, path: x}\n", NULL);
    assert_int_equal(((const sample_mlp *)rni_settings_get(settings, "model"))->depth, 8);
    rni_settings_destroy(settings);
}

static void overrides_win_and_may_change_the_kind(void **state)
{
    (void)state;
    rni_document *document = NULL;
    const char *text = "seed: 7\ndata: {kind: file, path: x, n_train: 3}\n";
    assert_status(rni_yaml_parse("f", text, (rn_index)strlen(text), &document), RN_OK);
    const char *const sets[] = {
        "model.kind=linear", "model.scale=2.5",     "seed=9", "data.path=a=b.c d", "data.n_train=5",
        "data.n_train=6",    "grid.marks=[1, 2.5]", "note="};
    rni_settings *settings = NULL;
    assert_status(rni_settings_create(&sample_schema, document, sets, 8, NULL, &settings), RN_OK);
    assert_close(((const sample_linear *)rni_settings_get(settings, "model"))->scale, 2.5, 0.0);
    assert_int_equal(((const sample_top *)rni_settings_get(settings, ""))->seed, 9);
    const sample_file *file = rni_settings_get(settings, "data");
    assert_string_equal(file->path, "a=b.c d");
    assert_int_equal(file->n_train, 6);
    assert_int_equal(((const sample_grid *)rni_settings_get(settings, "grid"))->marks.count, 2);
    rni_settings_destroy(settings);
    rni_document_destroy(document);
}

static void overrides_alone_are_a_configuration(void **state)
{
    (void)state;
    const char *const sets[] = {"data.kind=file", "data.path=x"};
    rni_settings *settings = NULL;
    assert_status(rni_settings_create(&sample_schema, NULL, sets, 2, NULL, &settings), RN_OK);
    rni_settings_destroy(settings);
}

typedef struct refusal {
    const char *text;
    const char *set;
    const char *message;
} refusal;

static const refusal refusals[] = {
    /* names */
    {"modle: {}\n", NULL,
     "f.yaml:1:1: modle: found an unknown section or key, expected one of: seed, note, grid, "
     "model, data; did you mean 'model'?"},
    {"model: {dpeth: 4}\n", NULL,
     "f.yaml:1:9: model.dpeth: found an unknown key for kind 'residual_mlp', expected one of: "
     "kind, depth, gain, activation, tied; did you mean 'depth'?"},
    {"grid: {width: 4}\n", NULL,
     "f.yaml:1:8: grid.width: found an unknown key, expected one of: step, floor, marks"},
    {"model: {kind: linear, depth: 4}\n", NULL,
     "expected one of: kind, scale; 'depth' is a setting of kind 'residual_mlp'"},
    {"model: {kind: residual-mpl}\n", NULL,
     "f.yaml:1:15: model.kind: found 'residual-mpl', expected one of: residual_mlp, linear; did "
     "you mean 'residual_mlp'?"},
    {"model: {kind: }\n", NULL, "model.kind: found nothing, expected one of: residual_mlp, linear"},
    {"model: {kind: [linear]}\n", NULL, "f.yaml:1:15: model.kind: found a list, expected one of"},
    /* what is missing */
    {"seed: 1\n", NULL, "f.yaml: data.kind: found nothing, expected one of: file"},
    {"data: {path: x}\n", NULL, "f.yaml:1:1: data.kind: found nothing, expected one of: file"},
    {"\ndata: {kind: file}\n", NULL,
     "f.yaml:2:1: data.path: found nothing, expected a text (file to read); it is required"},
    /* numbers */
    {"model:\n  depth: 4.5\n", NULL,
     "f.yaml:2:10: model.depth: found '4.5', expected an integer in [1, 1000]: it is not a whole "
     "number"},
    {"model: {depth: 010}\n", NULL,
     "found '010', expected an integer in [1, 1000]: it has a "
     "leading zero"},
    {"model: {depth: 0x10}\n", NULL, "hexadecimal is not accepted"},
    {"model: {depth: 1_000}\n", NULL, "it has other characters behind the number"},
    {"model: {gain: 1.5abc}\n", NULL,
     "f.yaml:1:15: model.gain: found '1.5abc', expected a number > 0.0: it has other characters"},
    {"model: {gain: .inf}\n", NULL, "found '.inf', expected a number > 0.0"},
    {"model: {gain: 0}\n", NULL, "it is out of range"},
    {"model: {depth: '4'}\n", NULL,
     "model.depth: found a text in quotes, expected an integer in [1, 1000]"},
    {"model: {depth: }\n", NULL, "model.depth: found nothing, expected an integer"},
    {"model: {depth: ~}\n", NULL, "model.depth: found '~', expected an integer"},
    {"model: {depth: [4]}\n", NULL, "model.depth: found a list, expected an integer"},
    {"model: {depth: {a: 4}}\n", NULL, "model.depth: found a mapping, expected an integer"},
    /* other types */
    {"model: {tied: yes}\n", NULL, "model.tied: found 'yes', expected true or false"},
    {"model: {activation: rleu}\n", NULL, "one of: tanh, relu; did you mean 'relu'?"},
    {"note: null\n", NULL,
     "f.yaml:1:7: note: found null, expected a text; quote it if it is meant"},
    {"note: \n", NULL, "note: found nothing, expected a text; quote it if it is meant"},
    {"note: [a]\n", NULL, "note: found a list, expected a text"},
    {"grid: {marks: 1.5}\n", NULL, "grid.marks: found a single value, expected a list such as"},
    {"grid: {marks: [1, x]}\n", NULL, "f.yaml:1:19: grid.marks: found 'x', expected a list"},
    {"grid: {marks: [1, '2']}\n", NULL, "f.yaml:1:19: grid.marks: found a text in quotes"},
    {"grid: {marks: [1, [2]]}\n", NULL, "f.yaml:1:19: grid.marks: found a list, expected a number"},
    /* form */
    {"- a\n", NULL, "f.yaml:1:1: found a list, expected a mapping of sections"},
    {"text\n", NULL, "f.yaml:1:1: found a single value, expected a mapping of sections"},
    {"model: 3\n", NULL, "f.yaml:1:8: model: found a single value, expected a mapping of keys"},
    {"model: [a]\n", NULL, "f.yaml:1:8: model: found a list, expected a mapping of keys"},
    {"seed: {a: 1}\n", NULL, "seed: found a mapping, expected an integer >= 0"},
    /* rules of several settings */
    {"grid: {step: 0.5, floor: 0.5}\n", NULL,
     "f.yaml:1:1: grid: found floor >= step, expected floor < step"},
    /* overrides */
    {"", "model.depth=4.5", "--set model.depth: found '4.5', expected an integer"},
    {"", "model.dpeth=4", "--set model.dpeth: found an unknown key for kind 'residual_mlp'"},
    {"", "model.dpeth=4", "did you mean 'depth'?"},
    {"", "modle.depth=4", "--set modle.depth: found an unknown section or key, expected one of"},
    {"", "modle.depth=4", "did you mean 'model'?"},
    {"", "sede=4", "--set sede: found an unknown section or key"},
    {"", "model.depth", "--set model.depth: found no setting with a value, expected section.key="},
    {"", "=4", "found no setting with a value"},
    {"", "model.=4", "--set model.: found no setting with a value"},
    {"", "model.kind=mpl", "--set model.kind: found 'mpl', expected one of: residual_mlp, linear"},
    {"", "grid.kind=mlp", "--set grid.kind: found an unknown key"},
    {"model: {depth: 3}\n", "model.kind=linear", "found an unknown key for kind 'linear'"},
    {"", "note=\xFF", "it is not valid UTF-8"},
    {"", "x\x1b[2J=1", "--set x\\x1B[2J: found an unknown"},
};

static void every_mistake_has_place_found_and_expected(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        rni_settings *settings = NULL;
        const rn_status status = validate(refusals[i].text, refusals[i].set, NULL, &settings);
        if (status != RN_ERR_CONFIG) fail_msg("case %zu accepted: %s", i, refusals[i].text);
        assert_message_has(refusals[i].message);
        assert_null(settings);
        assert_int_equal(rni_memory_bytes(), 0);
    }
}

static void all_mistakes_come_at_once_in_the_order_of_the_file(void **state)
{
    (void)state;
    rni_mistakes mistakes = {0};
    rni_settings *settings = NULL;
    const char *text = "data:\n"
                       "  n_train: 0\n"
                       "  kind: file\n"
                       "model:\n"
                       "  depth: 010\n"
                       "  gian: 1\n"
                       "sede: 3\n"
                       "grid: {step: -1, floor: x}\n";
    assert_status(validate(text, "model.tied=1", &mistakes, &settings), RN_ERR_CONFIG);
    const char *const begins[] = {
        "f.yaml:1:1: data.path: ",   "f.yaml:2:12: data.n_train: ", "f.yaml:5:10: model.depth: ",
        "f.yaml:6:3: model.gian: ",  "f.yaml:7:1: sede: ",          "f.yaml:8:14: grid.step: ",
        "f.yaml:8:25: grid.floor: ", "--set model.tied: "};
    assert_int_equal(mistakes.n_found, 8);
    assert_int_equal(mistakes.n_kept, 8);
    if (!mistakes.items) {
        fail();
        return;
    }
    assert_message_has("8 mistakes in the configuration\n");
    for (rn_index i = 0; i < 8; i++) {
        assert_memory_equal(mistakes.items[i].text, begins[i], strlen(begins[i]));
        assert_message_has(mistakes.items[i].text);
    }
    const rni_place depth = mistakes.items[2].place;
    assert_int_equal(depth.line, 5);
    assert_int_equal(depth.column, 10);
    rni_mistakes_clear(&mistakes);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void a_thousand_mistakes_are_counted_and_the_first_shown(void **state)
{
    (void)state;
    rni_text text = {0};
    for (int i = 0; i < 999; i++)
        rni_text_add(&text, "wrong%d: 1\n", i);
    rni_mistakes mistakes = {0};
    rni_settings *settings = NULL;
    assert_status(validate(rni_text_get(&text), NULL, &mistakes, &settings), RN_ERR_CONFIG);
    rni_text_clear(&text);
    assert_int_equal(mistakes.n_found, 1000); /* and no data.kind */
    assert_int_equal(mistakes.n_kept, RNI_MAX_MISTAKES);
    assert_message_has("1000 mistakes in the configuration\nf.yaml:1:1: wrong0: ");
    assert_message_has(" more");
    rni_mistakes_clear(&mistakes);
}

static void the_resolved_text_validates_to_itself(void **state)
{
    (void)state;
    const char *const texts[] = {
        minimal,
        "seed: 12\nnote: \"quote \\\" back \\\\ line \\n tab \\t bell \\x07 \\u2028 \\uFEFF # : "
        "\"\n"
        "grid: {step: 0.1, floor: -1e-300, marks: [1, 0.30000000000000004]}\n"
        "model: {kind: linear, scale: -0.0}\ndata: {kind: file, path: '\xC3\xBC ~'}\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        rni_settings *first = make_settings(texts[i], NULL);
        rni_text written = {0};
        rni_settings_write(first, &written);
        rni_settings *second = make_settings(rni_text_get(&written), NULL);
        rni_text again = {0};
        rni_settings_write(second, &again);
        assert_string_equal(rni_text_get(&written), rni_text_get(&again));
        const sample_top *top = rni_settings_get(first, "");
        const sample_top *top_again = rni_settings_get(second, "");
        assert_string_equal(top->note, top_again->note);
        rni_text_clear(&written);
        rni_text_clear(&again);
        rni_settings_destroy(first);
        rni_settings_destroy(second);
    }
}

static void the_resolved_text_spells_out_every_default(void **state)
{
    (void)state;
    rni_settings *settings = make_settings(minimal, "grid.marks=[1]");
    rni_text text = {0};
    rni_settings_write(settings, &text);
    assert_string_equal(rni_text_get(&text), "seed: 1\n"
                                             "note: \"\"\n"
                                             "grid:\n"
                                             "  step: 0.5\n"
                                             "  floor: -30.0\n"
                                             "  marks: [1.0]\n"
                                             "model:\n"
                                             "  kind: residual_mlp\n"
                                             "  depth: 8\n"
                                             "  gain: 1.5\n"
                                             "  activation: tanh\n"
                                             "  tied: false\n"
                                             "data:\n"
                                             "  kind: file\n"
                                             "  path: \"x.idx\"\n"
                                             "  n_train: 128\n");
    rni_text_clear(&text);
    rni_settings_destroy(settings);
}

static void help_names_every_setting(void **state)
{
    (void)state;
    rni_text text = {0};
    rni_schema_describe(&sample_schema, &text);
    const char *const parts[] = {
        "seed: seed of all random streams\n    an integer >= 0; default 1\n",
        "model: the network\n  kind: residual_mlp (residual network; default)\n",
        "    depth: hidden layers\n        an integer in [1, 1000]; default 8\n",
        "  kind: linear (linear map)\n",
        "    path: file to read\n        a text; required\n",
        "  step: width of a shell\n      a number > 0.0, in nat; default 0.5\n",
        "note: free text\n    a text; default \"\"\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!strstr(rni_text_get(&text), parts[i])) fail_msg("help lacks: %s", parts[i]);
    rni_text_clear(&text);
}

static void relative_paths_are_anchored_and_nothing_else_is(void **state)
{
    (void)state;
    const struct {
        const char *given, *folder, *expected;
    } cases[] = {{"data.path=here/x.npy", "/a/b", "/a/b/here/x.npy"},
                 {"data.path=x", "/", "/x"},
                 {"data.path=/abs/x", "/a", "/abs/x"},
                 {"data.path=", "/a", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *sets[] = {"data.kind=file", cases[i].given, "note=left/alone"};
        rni_settings *settings = NULL;
        assert_status(rni_settings_create(&sample_schema, NULL, sets, 3, NULL, &settings), RN_OK);
        assert_status(rni_settings_anchor(settings, cases[i].folder), RN_OK);
        const sample_file *file = rni_settings_get(settings, "data");
        const sample_top *top = rni_settings_get(settings, "");
        assert_string_equal(file->path, cases[i].expected);
        assert_string_equal(top->note, "left/alone");
        rni_settings_destroy(settings);
    }
}

static void a_path_too_long_to_anchor_is_refused(void **state)
{
    (void)state;
    char folder[RNI_OPTION_MAX_TEXT];
    memset(folder, 'f', sizeof folder - 1);
    folder[0] = '/';
    folder[sizeof folder - 1] = '\0';
    const char *sets[] = {"data.kind=file", "data.path=x"};
    rni_settings *settings = NULL;
    assert_status(rni_settings_create(&sample_schema, NULL, sets, 2, NULL, &settings), RN_OK);
    assert_status(rni_settings_anchor(settings, folder), RN_ERR_ARGUMENT);
    assert_message_has("too long");
    rni_settings_destroy(settings);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    const char *const texts[] = {
        "note: hello\ngrid: {marks: [1, 2]}\ndata: {kind: file, path: x}\n",
        "nose: hello\ngrid: {marks: [1, x]}\ndata: {kind: file}\n",
    };
    for (int i = 0; i < 2; i++) {
        rn_status status = RN_ERR_MEMORY;
        long fault = 0;
        while (status == RN_ERR_MEMORY) {
            rni_settings *settings = NULL;
            rni_mistakes mistakes = {0};
            (void)rni_fail_allocation(++fault);
            status = validate(texts[i], "data.n_train=7", &mistakes, &settings);
            if (status < 0) assert_null(settings);
            rni_settings_destroy(settings);
            rni_mistakes_clear(&mistakes);
            assert_int_equal(rni_memory_bytes(), 0);
        }
        (void)rni_fail_allocation(0);
        assert_status(status, i == 0 ? RN_OK : RN_ERR_CONFIG);
        assert_true(fault > 15);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_fill_what_is_not_said),
        cmocka_unit_test(what_is_said_arrives),
        cmocka_unit_test(an_empty_section_means_its_defaults),
        cmocka_unit_test(overrides_win_and_may_change_the_kind),
        cmocka_unit_test(overrides_alone_are_a_configuration),
        cmocka_unit_test(every_mistake_has_place_found_and_expected),
        cmocka_unit_test(all_mistakes_come_at_once_in_the_order_of_the_file),
        cmocka_unit_test(a_thousand_mistakes_are_counted_and_the_first_shown),
        cmocka_unit_test(the_resolved_text_validates_to_itself),
        cmocka_unit_test(the_resolved_text_spells_out_every_default),
        cmocka_unit_test(help_names_every_setting),
        cmocka_unit_test(relative_paths_are_anchored_and_nothing_else_is),
        cmocka_unit_test(a_path_too_long_to_anchor_is_refused),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
