/*
 * Products M v of an MLP 784-512-512-10 (gelu by erf, biases) beside one gradient over the same
 * samples: activations kept, half of them kept, computed anew; products with the tangent M'. Ratios
 * are medians over rounds in which both ran one after the other. The flop limits are those of this
 * network: (4 F - 2 F1)/(3 F - F1), F1 of the first layer, and twice a gradient anew.
 *
 *     bench_products [SAMPLES [THREADS]]     without arguments: 1000 samples, 1 thread and all
 */
#include <inttypes.h>
#include <math.h>
#include <renorm/kernel.h>

#include "backends/blas.h"
#include "core/memory.h"
#include "core/rng.h"
#include "kernel/kernel.h"
#include "timing.h"

#define N_LAYERS 3

static const rn_index widths[N_LAYERS + 1] = {784, 512, 512, 10};

typedef struct setting {
    rn_kernel *kernel;
    const rn_kernel_point *point;
    const double *u;  /* [n] */
    double *gradient; /* [P] */
    double *product;  /* [n] */
    rn_op *op;
} setting;

static double *normal(rn_index n, uint32_t part)
{
    double *numbers = rni_alloc(n, sizeof *numbers);
    if (!numbers) exit(3);
    rni_rng_fill_normal((rni_stream){.seed = 1, .part = part}, 0, n, numbers);
    return numbers;
}

static rn_node gelu(rn_graph *g, rn_node x)
{
    const rn_node erf = rn_graph_erf(g, rn_graph_scale(g, x, sqrt(0.5)));
    return rn_graph_multiply(g, x, rn_graph_scale(g, rn_graph_shift(g, erf, 1.0), 0.5));
}

static rn_kernel *make_kernel(rn_graph *g, int n_threads)
{
    rn_kernel *kernel = NULL;
    rn_kernel_desc desc = rn_kernel_desc_defaults();
    const rn_node x = rn_graph_input(g, "x", RN_SHAPE(RN_SAMPLES, widths[0]));
    rn_node h = x;
    for (int l = 0; l < N_LAYERS; l++) {
        const rn_node w = rn_graph_parameter(g, "w", RN_SHAPE(widths[l], widths[l + 1]));
        const rn_node b = rn_graph_parameter(g, "b", RN_SHAPE(widths[l + 1]));
        h = rn_graph_scale(g, rn_graph_matmul(g, h, w), 1.0 / sqrt((double)widths[l]));
        h = rn_graph_add(g, h, b);
        if (l < N_LAYERS - 1) h = gelu(g, h);
    }
    desc.graph = g;
    desc.n_inputs = 1;
    desc.inputs = &x;
    desc.output = h;
    desc.n_threads = n_threads;
    must(rn_kernel_create(&desc, &kernel), "rn_kernel_create");
    return kernel;
}

static void gradient(void *user)
{
    const setting *s = user;
    must(rn_jacobian_apply_transpose(s->kernel, s->point, s->u, s->gradient), "J^T u");
}

static void multiply(void *user)
{
    const setting *s = user;
    const rn_index n = rn_op_rows(s->op);
    must(rn_op_apply(s->op, 1, s->u, n, s->product, n), "rn_op_apply");
}

/* Median of a product's time over a gradient's. */
static double ratio_of(setting *s, rn_op *op)
{
    s->op = op;
    multiply(s); /* plans and work space are made once */
    gradient(s);
    const comparison c = compare(gradient, s, multiply, s);
    rn_op_destroy(op);
    return c.ratio;
}

static void measure(rn_index n_samples, int n_threads)
{
    rn_graph *g = NULL;
    rn_op *op = NULL;
    rn_index per_sample = 0;
    double ratios[4];
    must(rn_graph_create(&g), "rn_graph_create");
    rn_kernel *kernel = make_kernel(g, n_threads);
    const rn_index n = n_samples * widths[N_LAYERS];
    const rn_index n_weights = rn_kernel_n_weights(kernel);
    double *x = normal(n_samples * widths[0], 0);
    double *theta = normal(n_weights, 1);
    double *v = normal(n_weights, 2);
    double *u = normal(n, 3);
    const double *arrays[] = {x};
    const rn_kernel_point point = {.n_samples = n_samples, .inputs = arrays, .theta = theta};
    setting s = {.kernel = kernel, .point = &point, .u = u};
    s.gradient = normal(n_weights, 4);
    s.product = normal(n, 5);
    must(rni_keep_bytes(kernel, &per_sample), "rni_keep_bytes");
    for (int half = 0; half < 2; half++) {
        const rn_index limit = half ? n_samples * per_sample / 2 : n_samples * per_sample;
        must(rn_kernel_limit_memory(kernel, limit), "rn_kernel_limit_memory");
        must(rn_kernel_fixed_operator(kernel, &point, &op), "rn_kernel_fixed_operator");
        ratios[half] = ratio_of(&s, op);
    }
    must(rn_kernel_operator(kernel, &point, &op), "rn_kernel_operator");
    ratios[2] = ratio_of(&s, op);
    must(rn_kernel_tangent_operator(kernel, &point, v, &op), "rn_kernel_tangent_operator");
    ratios[3] = ratio_of(&s, op);
    printf("%" PRId64 "\t%d\t%.1f\t%.2f\t%.2f\t%.2f\t%.2f\n", n, n_threads,
           (double)(n_samples * per_sample) / 1048576.0, ratios[0], ratios[1], ratios[2],
           ratios[3]);
    (void)fflush(stdout);
    double *const owned[] = {x, theta, v, u, s.gradient, s.product};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        rni_free(owned[i]);
    rn_kernel_destroy(kernel);
    rn_graph_destroy(g);
}

int main(int argc, char **argv)
{
    const int most = rni_blas_processors();
    const double f1 = (double)(widths[0] * widths[1]);
    const double f = f1 + (double)(widths[1] * widths[2] + widths[2] * widths[3]);
    printf("# flop limits: kept %.2f, anew %.2f\n", (4.0 * f - 2.0 * f1) / (3.0 * f - f1), 2.0);
    printf("rows\tthreads\tkept_MiB\tkept\thalf_kept\tanew\ttangent\n");
    if (argc > 1) {
        measure(strtoll(argv[1], NULL, 10), argc > 2 ? (int)strtol(argv[2], NULL, 10) : most);
        return 0;
    }
    for (int n_threads = 1; n_threads <= most; n_threads += most > 1 ? most - 1 : 1)
        measure(1000, n_threads);
    return 0;
}
