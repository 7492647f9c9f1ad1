/*
 * One tile of the kernel in the orders S and A.
 *
 * With a(i,s; j,t) = x_is . x_jt and rows r = (i, k), c = (j, l):
 *
 *     S   M_rc += sum_st a(i,s; j,t) (b_rs . b_ct)            both products first, then a sum
 *     A   z_c(i,s) = sum_t a(i,s; j,t) b_ct,  M_rc += sum_s b_rs . z_c(i,s)
 *
 * The tangent follows the product rule: every product of factors once with each tangent.
 * Sub-tiles keep the scratch of S in cache; chunks of rows that of A.
 */
#include "kernel/gram.h"

#include <string.h>

#include "backends/blas.h"
#include "core/size.h"
#include "core/status.h"
#include "kernel/steady.h"

#define SUB_ROWS     512                 /* rows of a sub-tile in order S at several positions */
#define WORK_DOUBLES ((rn_index)1 << 18) /* of one product in order A: 2 MiB */
#define LEAST_ROWS   16

/* c := x y^T, [m x n], inner size k; on the diagonal (x = y) the lower triangle. */
static rn_status cross(bool same, rn_index m, rn_index n, rn_index k, const double *x,
                       const double *y, double *c)
{
    if (same) return rni_syrk(false, m, k, 1.0, x, k, 0.0, c, n);
    return rni_steady_gemm(false, true, m, n, k, 1.0, x, k, y, k, 0.0, c, n);
}

/* c := x' y^T + x y'^T. */
static rn_status cross_tangent(bool same, rn_index m, rn_index n, rn_index k, const double *x,
                               const double *x_tangent, const double *y, const double *y_tangent,
                               double *c)
{
    if (same) return rni_syr2k(false, m, k, 1.0, x, k, x_tangent, k, 0.0, c, n);
    RNI_TRY(rni_steady_gemm(false, true, m, n, k, 1.0, x_tangent, k, y, k, 0.0, c, n));
    return rni_steady_gemm(false, true, m, n, k, 1.0, x, k, y_tangent, k, 1.0, c, n);
}

static void equality(rn_index m, rn_index n, const double *x, const double *y, double *c)
{
    for (rn_index i = 0; i < m; i++)
        for (rn_index j = 0; j < n; j++) /* both are whole numbers within a table */
            c[i * n + j] = (int64_t)x[i] == (int64_t)y[j] ? 1.0 : 0.0;
}

/* Products of input rows at_i .. and at_j .. (rows count positions of units). */
static rn_status fill_inputs(const rni_product *p, bool same, rn_index at_i, rn_index n_i,
                             rn_index at_j, rn_index n_j, double *a, double *a_tangent)
{
    const rn_index k = p->in_width;
    if (p->gathers) {
        equality(n_i, n_j, p->i.left + at_i, p->j.left + at_j, a);
        if (a_tangent) memset(a_tangent, 0, (size_t)(n_i * n_j) * sizeof *a_tangent);
        return RN_OK;
    }
    RNI_TRY(cross(same, n_i, n_j, k, p->i.left + at_i * k, p->j.left + at_j * k, a));
    if (!a_tangent) return RN_OK;
    return cross_tangent(same, n_i, n_j, k, p->i.left + at_i * k, p->i.left_tangent + at_i * k,
                         p->j.left + at_j * k, p->j.left_tangent + at_j * k, a_tangent);
}

/* Products of cotangent rows. */
static rn_status fill_outputs(const rni_product *p, bool same, rn_index at_i, rn_index n_i,
                              rn_index at_j, rn_index n_j, double *b, double *b_tangent)
{
    const rn_index k = p->out_width;
    RNI_TRY(cross(same, n_i, n_j, k, p->i.right + at_i * k, p->j.right + at_j * k, b));
    if (!b_tangent) return RN_OK;
    return cross_tangent(same, n_i, n_j, k, p->i.right + at_i * k, p->i.right_tangent + at_i * k,
                         p->j.right + at_j * k, p->j.right_tangent + at_j * k, b_tangent);
}

/* ---- order S, one position ------------------------------------------------------------------- */

/* z := z + x * y, elementwise. Blocks of 8 because compilers vectorise those at -O2. */
static void multiply_add(rn_index n, const double *restrict x, const double *restrict y,
                         double *restrict z)
{
    rn_index i = 0;
    for (; i + 8 <= n; i += 8)
        for (int e = 0; e < 8; e++)
            z[i + e] += x[i + e] * y[i + e];
    for (; i < n; i++)
        z[i] += x[i] * y[i];
}

/* z := x * y, elementwise. */
static void multiply(rn_index n, const double *restrict x, const double *restrict y,
                     double *restrict z)
{
    rn_index i = 0;
    for (; i + 8 <= n; i += 8)
        for (int e = 0; e < 8; e++)
            z[i + e] = x[i + e] * y[i + e];
    for (; i < n; i++)
        z[i] = x[i] * y[i];
}

/* wide[j K + l] := a[j]. */
static void widen(rn_index n, rn_index unit_rows, const double *a, double *wide)
{
    for (rn_index j = 0; j < n; j++)
        for (rn_index l = 0; l < unit_rows; l++)
            wide[j * unit_rows + l] = a[j];
}

/* m := m + c^2 a (x) identity of K rows. */
static void add_diagonals(const rni_tile *tile, double scale, const double *a, double *m)
{
    const rn_index unit_rows = tile->unit_rows;
    for (rn_index i = 0; i < tile->n_i; i++)
        for (rn_index k = 0; k < unit_rows; k++) {
            double *row = m + (i * unit_rows + k) * tile->ld + k;
            for (rn_index j = 0; j < (tile->is_diagonal ? i + 1 : tile->n_j); j++)
                row[j * unit_rows] += scale * a[i * tile->n_j + j];
        }
}

/* a := a + share, where it is computed. */
static void add_share(const rni_product *p, const rni_tile *tile, double *a)
{
    for (rn_index i = 0; i < tile->n_i; i++)
        for (rn_index j = 0; j < (tile->is_diagonal ? i + 1 : tile->n_j); j++)
            a[i * tile->n_j + j] += p->share;
}

/* The layer that writes the outputs: b is a multiple of the identity, whatever the weights. */
static rn_status add_read_out(const rni_product *p, const rni_tile *tile)
{
    const rn_index n_pairs = tile->n_i * tile->n_j;
    double *a = tile->work;
    double *a_tangent = tile->m_tangent ? a + n_pairs : NULL;
    RNI_TRY(fill_inputs(p, tile->is_diagonal, 0, tile->n_i, 0, tile->n_j, a, a_tangent));
    add_share(p, tile, a);
    if (tile->m) add_diagonals(tile, p->identity, a, tile->m);
    if (tile->m_tangent) add_diagonals(tile, p->identity, a_tangent, tile->m_tangent);
    return RN_OK;
}

/* Work arrays of one position: products of inputs and cotangents, and a row of a made wide. */
typedef struct grams {
    double *a; /* [n_i x n_j] */
    double *b; /* [n_i K x n_j K] */
    double *wide;
} grams;

typedef void (*combine)(rn_index n, const double *restrict x, const double *restrict y,
                        double *restrict z);

/* The K rows of unit i: m (+)= a * b, m' (+)= a' * b + a * b'. */
static void add_unit(const rni_tile *tile, const grams *value, const grams *tangent, rn_index i)
{
    const combine first = tile->is_fresh ? multiply : multiply_add;
    const rn_index unit_rows = tile->unit_rows;
    const rn_index n_columns = tile->n_j * unit_rows;
    const rn_index n_j = tile->is_diagonal ? i + 1 : tile->n_j;
    widen(n_j, unit_rows, value->a + i * tile->n_j, value->wide);
    if (tile->m_tangent) widen(n_j, unit_rows, tangent->a + i * tile->n_j, tangent->wide);
    for (rn_index r = i * unit_rows; r < (i + 1) * unit_rows; r++) {
        const rn_index length = tile->is_diagonal ? r + 1 : n_columns;
        const double *b = value->b + r * n_columns;
        if (tile->m) first(length, value->wide, b, tile->m + r * tile->ld);
        if (!tile->m_tangent) continue;
        double *out = tile->m_tangent + r * tile->ld;
        first(length, tangent->wide, b, out);
        multiply_add(length, value->wide, tangent->b + r * n_columns, out);
    }
}

static grams place_grams(const rni_tile *tile, double *work)
{
    double *b = work + tile->n_i * tile->n_j;
    return (grams){
        .a = work, .b = b, .wide = b + tile->n_i * tile->n_j * tile->unit_rows * tile->unit_rows};
}

static rn_status add_both_one(const rni_product *p, const rni_tile *tile)
{
    const rn_index n_rows = tile->n_i * tile->unit_rows;
    const rn_index n_columns = tile->n_j * tile->unit_rows;
    const bool same = tile->is_diagonal;
    const grams value = place_grams(tile, tile->work);
    grams tangent = {0};
    if (tile->m_tangent) tangent = place_grams(tile, value.wide + n_columns);
    RNI_TRY(fill_inputs(p, same, 0, tile->n_i, 0, tile->n_j, value.a, tangent.a));
    RNI_TRY(fill_outputs(p, same, 0, n_rows, 0, n_columns, value.b, tangent.b));
    add_share(p, tile, value.a);
    for (rn_index i = 0; i < tile->n_i; i++)
        add_unit(tile, &value, &tangent, i);
    return RN_OK;
}

/* ---- order S, several positions -------------------------------------------------------------- */

/* Units, rows of a unit and positions taken at a time. With fewer than all rows or positions it
   is one unit and one row, so that what is taken lies in one piece. */
typedef struct sub_tile {
    rn_index units;
    rn_index rows;
    rn_index positions;
} sub_tile;

static sub_tile choose_sub_tile(rn_index unit_rows, rn_index positions)
{
    const rn_index unit = unit_rows * positions;
    if (unit <= SUB_ROWS)
        return (sub_tile){.units = SUB_ROWS / unit, .rows = unit_rows, .positions = positions};
    return (sub_tile){.units = 1, .rows = 1, .positions = rni_min(positions, SUB_ROWS)};
}

static double dot(rn_index n, const double *x, const double *y)
{
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* The pieces of one sub-tile: sizes on both sides and the products. */
typedef struct pieces {
    sub_tile i;
    sub_tile j;
    const double *a;
    const double *a_tangent;
    const double *b;
    const double *b_tangent;
} pieces;

/* Sum over positions of one unit and row of i against one of j. */
static double contract_pair(const pieces *s, const double *a, const double *b, rn_index i,
                            rn_index k, rn_index j, rn_index l)
{
    const rn_index lda = s->j.units * s->j.positions;
    const rn_index ldb = lda * s->j.rows;
    const double *from_a = a + i * s->i.positions * lda + j * s->j.positions;
    const double *from_b =
        b + (i * s->i.rows + k) * s->i.positions * ldb + (j * s->j.rows + l) * s->j.positions;
    double sum = 0.0;
    for (rn_index t = 0; t < s->i.positions; t++)
        sum += dot(s->j.positions, from_a + t * lda, from_b + t * ldb);
    return sum;
}

/* Adds a sub-tile to the entry (row, column) of the tile on. */
static void contract(const pieces *s, const rni_tile *tile, rn_index row, rn_index column)
{
    for (rn_index r = 0; r < s->i.units * s->i.rows; r++) {
        for (rn_index c = 0; c < s->j.units * s->j.rows; c++) {
            const rn_index i = r / s->i.rows;
            const rn_index k = r % s->i.rows;
            const rn_index j = c / s->j.rows;
            const rn_index l = c % s->j.rows;
            const rn_index at = (row + r) * tile->ld + column + c;
            if (tile->m) tile->m[at] += contract_pair(s, s->a, s->b, i, k, j, l);
            if (tile->m_tangent)
                tile->m_tangent[at] += contract_pair(s, s->a_tangent, s->b, i, k, j, l)
                                       + contract_pair(s, s->a, s->b_tangent, i, k, j, l);
        }
    }
}

/* Where a sub-tile starts on one side. */
typedef struct start {
    rn_index unit;
    rn_index row;
    rn_index position;
} start;

static bool step(start *at, sub_tile by, rn_index n_units, rn_index unit_rows, rn_index positions)
{
    at->position += by.positions;
    if (at->position < positions) return true;
    at->position = 0;
    at->row += by.rows;
    if (at->row < unit_rows) return true;
    at->row = 0;
    at->unit += by.units;
    return at->unit < n_units;
}

static sub_tile clip(start at, sub_tile by, rn_index n_units, rn_index positions)
{
    return (sub_tile){.units = rni_min(by.units, n_units - at.unit),
                      .rows = by.rows,
                      .positions = rni_min(by.positions, positions - at.position)};
}

static rn_status add_sub_tile(const rni_product *p, const rni_tile *tile, sub_tile by, start i,
                              start j)
{
    const rn_index unit_rows = tile->unit_rows;
    const rn_index positions = p->positions;
    const sub_tile size_i = clip(i, by, tile->n_i, positions);
    const sub_tile size_j = clip(j, by, tile->n_j, positions);
    const rn_index side = by.units * by.positions;
    const rn_index n_a = side * side;
    const rn_index n_b = n_a * by.rows * by.rows;
    double *a = tile->work;
    double *b = a + n_a;
    double *a_tangent = tile->m_tangent ? b + n_b : NULL;
    double *b_tangent = tile->m_tangent ? a_tangent + n_a : NULL;
    RNI_TRY(fill_inputs(p, false, i.unit * positions + i.position, size_i.units * size_i.positions,
                        j.unit * positions + j.position, size_j.units * size_j.positions, a,
                        a_tangent));
    RNI_TRY(fill_outputs(p, false, (i.unit * unit_rows + i.row) * positions + i.position,
                         size_i.units * size_i.rows * size_i.positions,
                         (j.unit * unit_rows + j.row) * positions + j.position,
                         size_j.units * size_j.rows * size_j.positions, b, b_tangent));
    const pieces s = {size_i, size_j, a, a_tangent, b, b_tangent};
    contract(&s, tile, i.unit * unit_rows + i.row, j.unit * unit_rows + j.row);
    return RN_OK;
}

static rn_status add_both_many(const rni_product *p, const rni_tile *tile)
{
    const sub_tile by = choose_sub_tile(tile->unit_rows, p->positions);
    start i = {0};
    do {
        start j = {0};
        do {
            if (tile->is_diagonal && j.unit > i.unit) break;
            RNI_TRY(add_sub_tile(p, tile, by, i, j));
        } while (step(&j, by, tile->n_j, tile->unit_rows, p->positions));
    } while (step(&i, by, tile->n_i, tile->unit_rows, p->positions));
    return RN_OK;
}

/* ---- order A --------------------------------------------------------------------------------- */

/* Rows (unit, position) of the tile taken at a time. */
static rn_index chunk_rows(rn_index unit_rows, rn_index positions, rn_index out_width)
{
    const rn_index fit = rni_min(WORK_DOUBLES / (unit_rows * out_width), WORK_DOUBLES / positions);
    return rni_max(LEAST_ROWS, fit);
}

/* z[l] := a b_l for all rows l of one unit: [K x n_rows x q]. */
static rn_status spread(rn_index unit_rows, rn_index n_rows, const rni_product *p, const double *a,
                        const double *b, double beta, double *z)
{
    const rn_index q = p->out_width;
    const rn_index d = p->positions;
    for (rn_index l = 0; l < unit_rows; l++)
        RNI_TRY(rni_steady_gemm(false, false, n_rows, q, d, 1.0, a, d, b + l * d * q, q, beta,
                                z + l * n_rows * q, q));
    return RN_OK;
}

/* Adds b z^T for the part of one unit that lies in rows first .. first + n_rows - 1. */
static rn_status gather_unit(const rni_product *p, const rni_tile *tile, rn_index unit,
                             rn_index first, rn_index n_rows, const double *right, const double *z,
                             double *out)
{
    const rn_index q = p->out_width;
    const rn_index d = p->positions;
    const rn_index from = rni_max(first, unit * d);
    const rn_index to = rni_min(first + n_rows, (unit + 1) * d);
    const double *b = right + (unit * tile->unit_rows * d + from - unit * d) * q;
    return rni_steady_gemm(false, true, tile->unit_rows, tile->unit_rows, (to - from) * q, 1.0, b,
                           d * q, z + (from - first) * q, n_rows * q, 1.0, out, tile->ld);
}

/* Work arrays of a chunk: input products with one unit, and that unit's cotangents spread. */
typedef struct chunk {
    rn_index first; /* row (unit, position) of the tile */
    rn_index n_rows;
    double *a;         /* [n_rows x D] */
    double *a_tangent; /* NULL without tangent */
    double *z;         /* [K x n_rows x q] */
    double *z_tangent;
} chunk;

static rn_status spread_chunk(const rni_product *p, const rni_tile *tile, rn_index j,
                              const chunk *c)
{
    const rn_index d = p->positions;
    const rn_index k = tile->unit_rows;
    const rn_index at = j * k * d * p->out_width;
    RNI_TRY(fill_inputs(p, false, c->first, c->n_rows, j * d, d, c->a, c->a_tangent));
    RNI_TRY(spread(k, c->n_rows, p, c->a, p->j.right + at, 0.0, c->z));
    if (!c->a_tangent) return RN_OK;
    RNI_TRY(spread(k, c->n_rows, p, c->a_tangent, p->j.right + at, 0.0, c->z_tangent));
    return spread(k, c->n_rows, p, c->a, p->j.right_tangent + at, 1.0, c->z_tangent);
}

/* Adds what a chunk gives to the K x K block of one unit against j. */
static rn_status close_unit(const rni_product *p, const rni_tile *tile, rn_index j, rn_index unit,
                            const chunk *c)
{
    const rn_index at = unit * tile->unit_rows * tile->ld + j * tile->unit_rows;
    if (tile->m)
        RNI_TRY(gather_unit(p, tile, unit, c->first, c->n_rows, p->i.right, c->z, tile->m + at));
    if (!tile->m_tangent) return RN_OK;
    double *out = tile->m_tangent + at;
    RNI_TRY(gather_unit(p, tile, unit, c->first, c->n_rows, p->i.right_tangent, c->z, out));
    return gather_unit(p, tile, unit, c->first, c->n_rows, p->i.right, c->z_tangent, out);
}

static rn_status add_chunk(const rni_product *p, const rni_tile *tile, rn_index j, rn_index first,
                           rn_index n_rows, rn_index most_rows)
{
    const rn_index d = p->positions;
    const rn_index n_z = tile->unit_rows * most_rows * p->out_width;
    chunk c = {.first = first, .n_rows = n_rows, .a = tile->work};
    c.z = c.a + most_rows * d;
    if (tile->m_tangent) {
        c.a_tangent = c.z + n_z;
        c.z_tangent = c.a_tangent + most_rows * d;
    }
    rn_status status = spread_chunk(p, tile, j, &c);
    for (rn_index unit = first / d; unit <= (first + n_rows - 1) / d && status == RN_OK; unit++)
        status = close_unit(p, tile, j, unit, &c);
    return status;
}

static rn_status add_input_gram(const rni_product *p, const rni_tile *tile)
{
    const rn_index most = chunk_rows(tile->unit_rows, p->positions, p->out_width);
    const rn_index n_rows = tile->n_i * p->positions;
    for (rn_index j = 0; j < tile->n_j; j++)
        for (rn_index first = tile->is_diagonal ? j * p->positions : 0; first < n_rows;
             first += most)
            RNI_TRY(add_chunk(p, tile, j, first, rni_min(most, n_rows - first), most));
    return RN_OK;
}

/* ---- entry points ---------------------------------------------------------------------------- */

/* a^2 + b^2 + c, or -1. */
static rn_index squares(rn_index a, rn_index b, rn_index c)
{
    rn_index total = 0;
    if (!rni_size_mul(a, a, &a) || !rni_size_mul(b, b, &b) || !rni_size_add(a, b, &total)
        || !rni_size_add(total, c, &total) || total > RN_SIZE_MAX)
        return -1;
    return total;
}

rn_index rni_gram_work(rn_kernel_order order, rn_index tile, rn_index unit_rows, rn_index positions,
                       rn_index out_width, bool with_tangent)
{
    rn_index once = 0;
    if (order == RN_KERNEL_INPUT_GRAM) {
        const rn_index rows = chunk_rows(unit_rows, positions, out_width);
        rn_index z = 0;
        rn_index a = 0;
        if (!rni_size_mul(rows, unit_rows * out_width, &z) || !rni_size_mul(rows, positions, &a)
            || !rni_size_add(a, z, &once))
            return -1;
    } else if (positions == 1) {
        once = squares(tile, tile * unit_rows, tile * unit_rows);
    } else {
        const sub_tile by = choose_sub_tile(unit_rows, positions);
        once = squares(by.units * by.positions, by.units * by.positions * by.rows, 0);
    }
    return once < 0 || once > RN_SIZE_MAX || !with_tangent ? once : 2 * once;
}

void rni_tile_clear(rni_tile *tile)
{
    const size_t n_bytes = (size_t)(tile->n_j * tile->unit_rows) * sizeof(double);
    for (rn_index r = 0; r < tile->n_i * tile->unit_rows; r++) {
        if (tile->m) memset(tile->m + r * tile->ld, 0, n_bytes);
        if (tile->m_tangent) memset(tile->m_tangent + r * tile->ld, 0, n_bytes);
    }
    tile->is_fresh = false;
}

rn_status rni_gram_add(rn_kernel_order order, const rni_product *product, rni_tile *tile)
{
    const bool is_read_out = product->identity > 0.0;
    const bool is_one = order == RN_KERNEL_BOTH_GRAMS && product->positions == 1 && !is_read_out;
    if (is_one) {
        const rn_status status = add_both_one(product, tile);
        tile->is_fresh = false; /* this one sets what is fresh */
        return status;
    }
    if (tile->is_fresh) rni_tile_clear(tile);
    if (order == RN_KERNEL_INPUT_GRAM) return add_input_gram(product, tile);
    return is_read_out ? add_read_out(product, tile) : add_both_many(product, tile);
}

rn_status rni_gram_add_rows(rn_index width, rni_side i, rni_side j, double scale, rni_tile *tile)
{
    if (tile->is_fresh) rni_tile_clear(tile);
    const rn_index m = tile->n_i * tile->unit_rows;
    const rn_index n = tile->n_j * tile->unit_rows;
    const rn_index w = width;
    if (tile->is_diagonal) {
        if (tile->m) RNI_TRY(rni_syrk(false, m, w, scale, i.right, w, 1.0, tile->m, tile->ld));
        if (tile->m_tangent)
            RNI_TRY(rni_syr2k(false, m, w, scale, i.right, w, i.right_tangent, w, 1.0,
                              tile->m_tangent, tile->ld));
        return RN_OK;
    }
    if (tile->m)
        RNI_TRY(rni_steady_gemm(false, true, m, n, w, scale, i.right, w, j.right, w, 1.0, tile->m,
                                tile->ld));
    if (!tile->m_tangent) return RN_OK;
    RNI_TRY(rni_steady_gemm(false, true, m, n, w, scale, i.right_tangent, w, j.right, w, 1.0,
                            tile->m_tangent, tile->ld));
    return rni_steady_gemm(false, true, m, n, w, scale, i.right, w, j.right_tangent, w, 1.0,
                           tile->m_tangent, tile->ld);
}
