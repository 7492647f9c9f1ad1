/*
 * Choosing a loss and appending it to a graph.
 */
#include "loss/loss.h"

#include "core/memory.h"

static const rni_section section = {
    .name = "loss", .help = "what is made small", .kinds = rni_loss_options};
static const rni_schema schema = {&section, 1};

const char *rn_loss_kind(rn_index i)
{
    const rni_option_table *options = rni_loss_options(i);
    return options ? options->name : NULL;
}

/* Takes the choice over on success. */
static rn_status make(rni_choice choice, rn_loss **out)
{
    const rni_loss_kind *kind = NULL;
    for (rn_index i = 0; rni_losses[i]; i++)
        if (rni_losses[i]->options == choice.table) kind = rni_losses[i];
    if (!kind || !choice.settings || !out)
        return rni_fail(RN_ERR_ARGUMENT, "rn_loss_create: not the options of a loss, or NULL");
    rn_loss *loss = rni_alloc(1, sizeof *loss);
    if (!loss) return rni_fail(RN_ERR_MEMORY, "rn_loss_create: no memory for a loss");
    *loss = (rn_loss){.kind = kind, .choice = choice};
    *out = loss;
    return RN_OK;
}

rn_status rni_loss_wrap(const rni_option_table *options, const void *settings, rn_loss **out)
{
    return make((rni_choice){.table = options, .settings = settings}, out);
}

rn_status rn_loss_create(const char *kind, const rn_setting *settings, rn_index n_settings,
                         rn_loss **out)
{
    rni_choice choice = {0};
    RNI_TRY(rni_choice_make(&schema, "rn_loss_create", kind, settings, n_settings, &choice));
    const rn_status status = make(choice, out);
    if (status < 0) rni_choice_clear(&choice);
    return status;
}

void rn_loss_destroy(rn_loss *loss)
{
    if (!loss) return;
    rni_choice_clear(&loss->choice);
    rni_free(loss);
}

const char *rn_loss_name(const rn_loss *loss)
{
    return loss->choice.table->name;
}

static bool is_matrix(rn_shape shape)
{
    return shape.rank == 2 && shape.dims[0] == RN_SAMPLES && shape.dims[1] >= 1;
}

/* Outputs of one label. */
static rn_status find_classes(const rn_loss *loss, rn_index n_outputs, rn_index *classes)
{
    *classes = n_outputs;
    if (!loss->kind->classes || n_outputs < loss->kind->least_outputs) return RN_OK;
    *classes = loss->kind->classes(loss->choice.settings, n_outputs);
    if (*classes > 0) return RN_OK;
    return rni_fail(RN_ERR_SHAPE,
                    "loss.kind %s: found %" PRId64
                    " outputs, expected a multiple of loss.classes, which is 0 or at least 2",
                    loss->kind->options->name, n_outputs);
}

rn_status rn_loss_append(const rn_loss *loss, rn_graph *graph, rn_node outputs, rn_node targets,
                         rn_loss_nodes *out)
{
    if (!loss || !graph || !out)
        return rni_fail(RN_ERR_ARGUMENT, "rn_loss_append: loss, graph or out is NULL");
    RNI_TRY(rn_graph_status(graph));
    const rn_shape f = rn_graph_shape(graph, outputs);
    const rn_shape y = rn_graph_shape(graph, targets);
    if (!is_matrix(f) || !is_matrix(y) || f.dims[1] != y.dims[1])
        return rni_fail(RN_ERR_SHAPE,
                        "rn_loss_append: found outputs of rank %d and targets of rank %d, expected "
                        "both [N, C] with the same C",
                        f.rank, y.rank);
    if (f.dims[1] < loss->kind->least_outputs)
        return rni_fail(RN_ERR_SHAPE,
                        "rn_loss_append: found %" PRId64 " output, expected at least %" PRId64
                        " for %s; one output takes loss.kind logistic",
                        f.dims[1], loss->kind->least_outputs, loss->kind->options->name);
    rn_index classes = 0;
    RNI_TRY(find_classes(loss, f.dims[1], &classes));
    const rn_loss_nodes nodes = loss->kind->append(loss->choice.settings, graph, outputs, targets);
    rn_graph_name(graph, nodes.per_sample, "loss");
    rn_graph_name(graph, nodes.residual, "residual");
    if (nodes.error != nodes.residual) rn_graph_name(graph, nodes.error, "error");
    RNI_TRY(rn_graph_status(graph)); /* naming needs memory too */
    *out = nodes;
    return RN_OK;
}

static bool is_label(double value)
{
    return value > 0.0 ? !(value < 1.0) && !(value > 1.0) : !(value < 0.0);
}

/* Whether the targets of one label are such as the loss understands. */
static bool is_sound(rni_targets kind, rn_index n_outputs, const double *targets)
{
    double sum = 0.0;
    if (kind == RNI_TARGETS_ANY) return true;
    for (rn_index c = 0; c < n_outputs; c++) {
        if (!is_label(targets[c])) return false;
        sum += targets[c];
    }
    return kind == RNI_TARGETS_BINARY || (sum > 0.5 && sum < 1.5);
}

rn_status rn_loss_check_targets(const rn_loss *loss, rn_index n_samples, rn_index n_outputs,
                                const double *targets)
{
    if (!loss || (n_samples > 0 && !targets))
        return rni_fail(RN_ERR_ARGUMENT, "rn_loss_check_targets: loss or targets is NULL");
    rn_index classes = 0;
    RNI_TRY(find_classes(loss, n_outputs, &classes));
    for (rn_index i = 0; i < n_samples * n_outputs; i += classes)
        if (!is_sound(loss->kind->targets, classes, targets + i))
            return rni_fail(RN_ERR_DOMAIN,
                            "loss.kind %s: the targets of sample %" PRId64
                            " are not %s; give labels instead of targets, with centred false, or "
                            "use loss.kind squared_error",
                            loss->kind->options->name, i / n_outputs,
                            loss->kind->targets == RNI_TARGETS_ONE_HOT
                                ? "1 at the label and 0 elsewhere"
                                : "0 or 1 at every output");
    return RN_OK;
}

rn_node rni_loss_at_least(rn_graph *graph, rn_node x, double least)
{
    /* by a mask: adding and taking off a large number would cost digits */
    const rn_node above = rn_graph_greater(graph, x, rn_graph_scalar(graph, least));
    const rn_node below = rn_graph_shift(graph, rn_graph_scale(graph, above, -1.0), 1.0);
    return rn_graph_add(graph, rn_graph_multiply(graph, above, x),
                        rn_graph_scale(graph, below, least));
}

rn_node rni_loss_identity(rn_graph *graph, rn_index n)
{
    /* 1 at the start of every row and one place further on in each: the diagonal */
    rn_node row = rn_graph_scalar(graph, 1.0);
    row = rn_graph_reshape(graph, row, RN_SHAPE(1, 1));
    row = rn_graph_broadcast(graph, row, RN_SHAPE(n, 1));
    row = rn_graph_pad(graph, row, 1, 0, n); /* [n, n + 1] */
    row = rn_graph_reshape(graph, row, RN_SHAPE(n * (n + 1)));
    return rn_graph_reshape(graph, rn_graph_slice(graph, row, 0, 0, n * n, 1), RN_SHAPE(n, n));
}

rn_node rni_loss_diagonal_seed(rn_graph *graph, rn_node diagonal)
{
    const rn_index n = rn_graph_shape(graph, diagonal).dims[1];
    if (rn_graph_status(graph) < 0) return RN_NODE_NONE;
    const rn_node wide = rn_graph_reshape(graph, diagonal, RN_SHAPE(RN_SAMPLES, 1, n));
    return rn_graph_multiply(graph, rni_loss_identity(graph, n), wide);
}
