/*
 * From a group of elementwise nodes to one program. Inputs from outside take a slot each (numbers
 * known now become immediates), nodes read outside become results, the rest temporaries that are
 * reused once their last reader has run.
 */
#include <string.h>

#include "core/status.h"
#include "graph/planner.h"

typedef struct builder {
    rni_planner *p;
    int group;
    rni_elementwise program;
    rni_value inputs[RNI_PROGRAM_INPUTS];
    rn_node results[RNI_PROGRAM_RESULTS];
    rn_node temps[RNI_PROGRAM_TEMPS];  /* what a temporary holds, RN_NODE_NONE when free */
    int written[RNI_PROGRAM_RESULTS];  /* instruction that completes a result */
    int last_read[RNI_PROGRAM_INPUTS]; /* last instruction that reads an input */
} builder;

/* Slots are numbered at the end, when the number of each kind is known; until then by kind. */
enum { INPUT_SLOT = 0, RESULT_SLOT = 64, TEMP_SLOT = 128, NO_SLOT = 255 };

static bool is_inside(const builder *b, rn_node node)
{
    return b->p->group[node] == b->group;
}

static bool is_result(const rni_planner *p, rn_node node)
{
    if (p->is_wanted[node]) return true;
    for (rn_index u = p->user_start[node]; u < p->user_start[node + 1]; u++)
        if (p->group[p->users[u]] != p->group[node]) return true;
    return false;
}

/* Last member of the group that reads an internal node. */
static rn_node last_user(const rni_planner *p, rn_node node)
{
    return p->users[p->user_start[node + 1] - 1];
}

static bool same_value(const rni_value *a, const rni_value *b)
{
    if (a->storage != b->storage || a->view.offset != b->view.offset) return false;
    for (int i = 0; i < a->view.rank; i++)
        if (a->view.strides[i] != b->view.strides[i]) return false;
    return true;
}

/* The slot of an outside operand, repeated to the dimensions of `node`. */
static uint8_t input_slot(builder *b, rn_node operand, rn_node node)
{
    const rni_planner *p = b->p;
    const rni_view *dense = &p->dense[node];
    rni_value value = p->values[operand];
    value.view = rni_view_broadcast(&value.view, dense->rank, dense->dims);
    int k = 0;
    while (k < b->program.n_in && !same_value(&b->inputs[k], &value))
        k++;
    if (k == b->program.n_in) {
        RNI_ASSERT(k < RNI_PROGRAM_INPUTS);
        b->inputs[k] = value;
        b->program.n_in++;
    }
    b->last_read[k] = b->program.n_instructions;
    return (uint8_t)(INPUT_SLOT + k);
}

static uint8_t inside_slot(const builder *b, rn_node operand)
{
    for (int k = 0; k < b->program.n_out; k++)
        if (b->results[k] == operand) return (uint8_t)(RESULT_SLOT + k);
    for (int k = 0; k < RNI_PROGRAM_TEMPS; k++)
        if (b->temps[k] == operand) return (uint8_t)(TEMP_SLOT + k);
    RNI_ASSERT(false);
    return NO_SLOT;
}

static uint8_t operand_slot(builder *b, rn_node operand, rn_node node)
{
    const rn_node same = b->p->same_as[operand];
    return is_inside(b, same) ? inside_slot(b, same) : input_slot(b, same, node);
}

/* A free place for the value of `node`. A group has at most RNI_PROGRAM_TEMPS internal nodes. */
static uint8_t target_slot(builder *b, rn_node node)
{
    if (is_result(b->p, node)) {
        const int k = b->program.n_out++;
        b->results[k] = node;
        return (uint8_t)(RESULT_SLOT + k);
    }
    for (int k = 0; k < RNI_PROGRAM_TEMPS; k++)
        if (b->temps[k] == RN_NODE_NONE) {
            b->temps[k] = node;
            if (b->program.n_temps <= k) b->program.n_temps = k + 1;
            return (uint8_t)(TEMP_SLOT + k);
        }
    RNI_ASSERT(false);
    return NO_SLOT;
}

static void add_instruction(builder *b, rni_instruction_code code, uint8_t dst, uint8_t left,
                            uint8_t right, double number)
{
    b->program.code[b->program.n_instructions++] = (rni_instruction){
        .code = (uint8_t)code, .dst = dst, .a = left, .b = right, .number = number};
}

static const uint8_t instruction_of[RNI_OP_COUNT] = {
    [RNI_OP_SCALE] = RNI_DO_SCALE,       [RNI_OP_SHIFT] = RNI_DO_SHIFT,
    [RNI_OP_POWER] = RNI_DO_POWER,       [RNI_OP_EXP] = RNI_DO_EXP,
    [RNI_OP_LOG] = RNI_DO_LOG,           [RNI_OP_SIN] = RNI_DO_SIN,
    [RNI_OP_COS] = RNI_DO_COS,           [RNI_OP_TANH] = RNI_DO_TANH,
    [RNI_OP_ERF] = RNI_DO_ERF,           [RNI_OP_SIGMOID] = RNI_DO_SIGMOID,
    [RNI_OP_SOFTPLUS] = RNI_DO_SOFTPLUS, [RNI_OP_ABS] = RNI_DO_ABS,
    [RNI_OP_SIGN] = RNI_DO_SIGN,         [RNI_OP_RELU] = RNI_DO_RELU,
    [RNI_OP_STEP] = RNI_DO_STEP,         [RNI_OP_SURROGATE_STEP] = RNI_DO_STEP,
    [RNI_OP_ADD] = RNI_DO_ADD,           [RNI_OP_SUBTRACT] = RNI_DO_SUBTRACT,
    [RNI_OP_MULTIPLY] = RNI_DO_MULTIPLY, [RNI_OP_DIVIDE] = RNI_DO_DIVIDE,
    [RNI_OP_GREATER] = RNI_DO_GREATER,   [RNI_OP_EQUAL] = RNI_DO_EQUAL,
};

static bool equals(double a, double b)
{
    return a <= b && a >= b;
}

/* pow is slow; these exponents take at most two correctly rounded operations instead. */
static const struct {
    double exponent;
    rni_instruction_code first, second; /* RNI_DO_COUNT: none */
} short_powers[] = {
    {1.0, RNI_DO_COPY, RNI_DO_COUNT},         {2.0, RNI_DO_SQUARE, RNI_DO_COUNT},
    {0.5, RNI_DO_ROOT, RNI_DO_COUNT},         {-1.0, RNI_DO_RECIPROCAL, RNI_DO_COUNT},
    {-2.0, RNI_DO_SQUARE, RNI_DO_RECIPROCAL}, {-0.5, RNI_DO_ROOT, RNI_DO_RECIPROCAL},
};

static void add_power(builder *b, double exponent, uint8_t dst, uint8_t left)
{
    for (size_t i = 0; i < sizeof short_powers / sizeof short_powers[0]; i++) {
        if (!equals(exponent, short_powers[i].exponent)) continue;
        add_instruction(b, short_powers[i].first, dst, left, left, 0.0);
        if (short_powers[i].second != RNI_DO_COUNT)
            add_instruction(b, short_powers[i].second, dst, dst, dst, 0.0);
        return;
    }
    add_instruction(b, RNI_DO_POWER, dst, left, left, exponent);
}

/* x + c, x - c, x c and c x with a number c known now: one operand less. */
static bool known_number(const builder *b, rn_node operand, double *number)
{
    const rni_node *leaf = rni_graph_node(b->p->graph, b->p->same_as[operand]);
    if (leaf->op != RNI_OP_CONSTANT || rni_view_size(&b->p->dense[operand]) != 1) return false;
    *number = leaf->values[0];
    return true;
}

static rni_instruction_code with_number(rni_op op, int known, double *number)
{
    if (op == RNI_OP_ADD) return RNI_DO_SHIFT;
    if (op == RNI_OP_MULTIPLY) return RNI_DO_SCALE;
    if (op == RNI_OP_SUBTRACT && known == 1) {
        *number = -*number;
        return RNI_DO_SHIFT;
    }
    return RNI_DO_COUNT;
}

/* Operands of one node: slots, or a number in place of one. */
typedef struct reading {
    rni_instruction_code code;
    uint8_t left, right;
    double number;
} reading;

static reading read_operands(builder *b, rn_node node)
{
    const rni_node *self = rni_graph_node(b->p->graph, node);
    reading r = {.code = (rni_instruction_code)instruction_of[self->op], .number = self->number};
    if (self->n_inputs == 2)
        for (int k = 0; k < 2; k++) {
            double number = 0.0;
            const rn_node other = self->inputs[1 - k];
            if (!known_number(b, self->inputs[k], &number)) continue;
            const rni_instruction_code code = with_number(self->op, k, &number);
            if (code == RNI_DO_COUNT || !rni_same_dims(&b->p->dense[other], &b->p->dense[node]))
                continue;
            r.code = code;
            r.number = number;
            r.left = operand_slot(b, other, node);
            r.right = r.left;
            return r;
        }
    r.left = operand_slot(b, self->inputs[0], node);
    r.right = self->n_inputs == 2 ? operand_slot(b, self->inputs[1], node) : r.left;
    return r;
}

/* Temporaries whose last reader is `node` are free from here on, its own result included. */
static void release_temps(builder *b, rn_node node)
{
    for (int k = 0; k < RNI_PROGRAM_TEMPS; k++)
        if (b->temps[k] != RN_NODE_NONE && last_user(b->p, b->temps[k]) <= node)
            b->temps[k] = RN_NODE_NONE;
}

static void add_node(builder *b, rn_node node)
{
    const reading r = read_operands(b, node);
    release_temps(b, node);
    const uint8_t dst = target_slot(b, node);
    if (r.code == RNI_DO_POWER)
        add_power(b, r.number, dst, r.left);
    else
        add_instruction(b, r.code, dst, r.left, r.right, r.number);
    if (dst >= RESULT_SLOT && dst < TEMP_SLOT)
        b->written[dst - RESULT_SLOT] = b->program.n_instructions - 1;
}

static uint8_t final_slot(const rni_elementwise *program, uint8_t slot)
{
    if (slot >= TEMP_SLOT) return (uint8_t)(program->n_in + program->n_out + slot - TEMP_SLOT);
    if (slot >= RESULT_SLOT) return (uint8_t)(program->n_in + slot - RESULT_SLOT);
    return slot;
}

/* A result may take the place of an operand of the same layout, read by nothing afterwards and
   the only one in its storage. */
static bool note_in_place(builder *b, int step, int result, int storage)
{
    rni_planner *p = b->p;
    const rni_view *dense = &p->dense[b->results[result]];
    for (int k = 0; k < b->program.n_in; k++) {
        const rni_value *input = &b->inputs[k];
        bool fits = b->last_read[k] <= b->written[result] && input->view.offset == 0
                    && rni_view_is_dense(&input->view)
                    && p->plan->storages[input->storage].size == rni_view_size(dense);
        for (int other = 0; other < b->program.n_in; other++)
            if (other != k && b->inputs[other].storage == input->storage) fits = false;
        if (!fits) continue;
        void *array = p->in_place;
        if (!rni_plan_reserve(&array, &p->in_place_capacity, p->n_in_place, sizeof *p->in_place))
            return false;
        p->in_place = array;
        p->in_place[p->n_in_place++] =
            (rni_in_place){.step = step, .result = storage, .operand = input->storage};
    }
    return true;
}

static rn_status append_step(builder *b, rn_node last)
{
    rni_planner *p = b->p;
    rni_elementwise *program = &b->program;
    const rni_view *dense = &p->dense[last];
    program->rank = dense->rank;
    memcpy(program->dims, dense->dims, sizeof program->dims);
    for (int k = 0; k < program->n_in; k++)
        memcpy(program->strides[k], b->inputs[k].view.strides, sizeof program->strides[k]);
    for (int i = 0; i < program->n_instructions; i++) {
        rni_instruction *code = &program->code[i];
        code->dst = final_slot(program, code->dst);
        code->a = final_slot(program, code->a);
        code->b = final_slot(program, code->b);
    }
    rni_elementwise_finish(program);
    p->plan->flops += (double)program->n_instructions * (double)rni_view_size(dense);

    rni_ref out[RNI_PROGRAM_RESULTS] = {{0}};
    for (int k = 0; k < program->n_out; k++) {
        out[k].storage = rni_plan_storage(p, b->results[k]);
        if (out[k].storage < 0 || !note_in_place(b, p->plan->n_steps, k, out[k].storage))
            return rni_plan_out_of_memory();
    }
    return rni_plan_step(p, RNI_STEP_ELEMENTWISE, last, program, sizeof *program, program->n_in,
                         b->inputs, program->n_out, out)
               ? RN_OK
               : rni_plan_out_of_memory();
}

rn_status rni_plan_program(rni_planner *p, int group)
{
    builder b = {.p = p, .group = group};
    for (int k = 0; k < RNI_PROGRAM_TEMPS; k++)
        b.temps[k] = RN_NODE_NONE;
    for (rn_node i = p->group_head[group]; i != RN_NODE_NONE; i = p->group_next[i])
        add_node(&b, i);
    return append_step(&b, p->group_tail[group]);
}
