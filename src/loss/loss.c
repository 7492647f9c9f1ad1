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
    const rn_loss_nodes nodes = loss->kind->append(loss->choice.settings, graph, outputs, targets);
    rn_graph_name(graph, nodes.per_sample, "loss");
    rn_graph_name(graph, nodes.residual, "residual");
    RNI_TRY(rn_graph_status(graph)); /* naming needs memory too */
    *out = nodes;
    return RN_OK;
}
