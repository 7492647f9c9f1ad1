/*
 * HDF5 images in memory. The only file that includes hdf5.h.
 *
 * HDF5 prints its errors unless told otherwise and keeps that choice per process; every entry
 * point here switches the printing off and puts the caller's choice back. HDF5's own words for a
 * failure are taken from its error stack into our message.
 */
#include "backends/hdf5.h"

#include <hdf5.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

/* Growth of the image while it is built, bytes. */
#define GROWTH ((size_t)1 << 20)

struct rni_hdf5_image {
    hid_t file;
};

/* The application's error printing, kept while ours is off. */
typedef struct quiet {
    H5E_auto2_t print;
    void *user;
} quiet;

/* What HDF5 may allocate beside the arrays it is given. Where one of these small allocations fails,
   HDF5 1.10 ends the process or crashes instead of saying so. */
#define ROOM ((rn_index)4 << 20)

static quiet quiet_begin(void)
{
    (void)H5dont_atexit(); /* closing at exit complains on stderr after a failure */
    quiet kept = {0};
    (void)H5Eget_auto2(H5E_DEFAULT, &kept.print, &kept.user);
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return kept;
}

static void quiet_end(quiet kept)
{
    (void)H5Eset_auto2(H5E_DEFAULT, kept.print, kept.user);
}

/* Keeps the innermost error: the one closest to the cause. */
static herr_t keep_first(unsigned depth, const H5E_error2_t *error, void *user)
{
    const char **words = user;
    if (depth == 0 && error->desc) *words = error->desc;
    return 0;
}

static rn_status refused(const char *function, const char *what)
{
    const char *words = "no reason given";
    (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, (void *)&words);
    return rni_fail(RN_ERR_INTERNAL, "%s: HDF5 refused '%s': %s", function, what, words);
}

/* ---- writing ------------------------------------------------------------------------------- */

/* Property lists of one build. */
typedef struct builder {
    hid_t file;
    hid_t dataset_create; /* no times */
    hid_t link_create;    /* groups as needed */
} builder;

static bool add_text(hid_t object, const char *name, const char *text)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    const hid_t space = H5Screate(H5S_SCALAR);
    bool is_done = type >= 0 && space >= 0 && H5Tset_size(type, strlen(text) + 1) >= 0
                   && H5Tset_cset(type, H5T_CSET_UTF8) >= 0;
    if (is_done) {
        const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
        is_done = attribute >= 0 && H5Awrite(attribute, type, text) >= 0;
        if (attribute >= 0) is_done = H5Aclose(attribute) >= 0 && is_done;
    }
    if (space >= 0) (void)H5Sclose(space);
    if (type >= 0) (void)H5Tclose(type);
    return is_done;
}

static bool add_integer(hid_t object, const char *name, rn_index value)
{
    const hid_t space = H5Screate(H5S_SCALAR);
    if (space < 0) return false;
    const hid_t attribute =
        H5Acreate2(object, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    bool is_done = attribute >= 0 && H5Awrite(attribute, H5T_NATIVE_INT64, &value) >= 0;
    if (attribute >= 0) is_done = H5Aclose(attribute) >= 0 && is_done;
    (void)H5Sclose(space);
    return is_done;
}

static rn_status check_array(const rni_hdf5_array *array, rn_index *count)
{
    rn_index total = 1;
    bool is_good =
        array->name && array->name[0] && array->rank >= 0 && array->rank <= RNI_HDF5_RANK_MAX;
    for (int axis = 0; is_good && axis < array->rank; axis++)
        is_good = rni_size_mul(total, array->dims[axis], &total);
    if (is_good && total > 0) is_good = array->reals || array->integers;
    if (!is_good)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rni_hdf5_build: array '%s' of rank %d: no name, no values, or its "
                        "dimensions are negative or overflow",
                        array->name ? array->name : "", array->rank);
    *count = total;
    return RN_OK;
}

static bool add_array(const builder *b, const rni_hdf5_array *array, rn_index count)
{
    hsize_t dims[RNI_HDF5_RANK_MAX] = {0};
    for (int axis = 0; axis < array->rank; axis++)
        dims[axis] = (hsize_t)array->dims[axis];
    const hid_t on_disk = array->reals ? H5T_IEEE_F64LE : H5T_STD_I64LE;
    const hid_t in_memory = array->reals ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64;
    const void *values = array->reals ? (const void *)array->reals : (const void *)array->integers;

    const hid_t space =
        array->rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(array->rank, dims, NULL);
    if (space < 0) return false;
    const hid_t dataset = H5Dcreate2(b->file, array->name, on_disk, space, b->link_create,
                                     b->dataset_create, H5P_DEFAULT);
    bool is_done = dataset >= 0;
    if (is_done && count > 0)
        is_done = H5Dwrite(dataset, in_memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    if (is_done) is_done = add_text(dataset, "unit", array->unit ? array->unit : "1");
    if (is_done && array->help) is_done = add_text(dataset, "meaning", array->help);
    if (is_done && array->axes) is_done = add_text(dataset, "axes", array->axes);
    if (dataset >= 0) is_done = H5Dclose(dataset) >= 0 && is_done;
    (void)H5Sclose(space);
    return is_done;
}

static bool builder_open(builder *b)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access < 0) return false;
    bool is_done = H5Pset_fapl_core(access, GROWTH, 0) >= 0
                   && H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0;
    if (is_done) {
        /* the core driver without a backing store never opens this name */
        b->file = H5Fcreate("renorm-image", H5F_ACC_TRUNC, H5P_DEFAULT, access);
        b->dataset_create = H5Pcreate(H5P_DATASET_CREATE);
        b->link_create = H5Pcreate(H5P_LINK_CREATE);
        is_done = b->file >= 0 && b->dataset_create >= 0 && b->link_create >= 0
                  && H5Pset_obj_track_times(b->dataset_create, 0) >= 0
                  && H5Pset_fill_time(b->dataset_create, H5D_FILL_TIME_NEVER) >= 0
                  && H5Pset_create_intermediate_group(b->link_create, 1) >= 0;
    }
    (void)H5Pclose(access);
    return is_done;
}

static void builder_close(builder *b)
{
    if (b->link_create >= 0) (void)H5Pclose(b->link_create);
    if (b->dataset_create >= 0) (void)H5Pclose(b->dataset_create);
    if (b->file >= 0) (void)H5Fclose(b->file);
}

static rn_status take_image(const builder *b, unsigned char **bytes, rn_index *n_bytes)
{
    if (H5Fflush(b->file, H5F_SCOPE_GLOBAL) < 0) return refused("rni_hdf5_build", "flush");
    const ssize_t size = H5Fget_file_image(b->file, NULL, 0);
    if (size <= 0) return refused("rni_hdf5_build", "image");
    unsigned char *image = rni_alloc(size, 1);
    if (!image)
        return rni_fail(RN_ERR_MEMORY, "rni_hdf5_build: no memory for an image of %lld bytes",
                        (long long)size);
    if (H5Fget_file_image(b->file, image, (size_t)size) != size) {
        rni_free(image);
        return refused("rni_hdf5_build", "image");
    }
    *bytes = image;
    *n_bytes = (rn_index)size;
    return RN_OK;
}

static rn_status fill(const builder *b, rn_index n_attributes, const rni_hdf5_attribute *attributes,
                      rn_index n_arrays, const rni_hdf5_array *arrays)
{
    for (rn_index i = 0; i < n_attributes; i++) {
        const rni_hdf5_attribute *a = &attributes[i];
        const bool is_done = a->text ? add_text(b->file, a->name, a->text)
                                     : add_integer(b->file, a->name, a->integer);
        if (!is_done) return refused("rni_hdf5_build", a->name);
    }
    for (rn_index i = 0; i < n_arrays; i++) {
        rn_index count = 0;
        RNI_TRY(check_array(&arrays[i], &count));
        if (!add_array(b, &arrays[i], count)) return refused("rni_hdf5_build", arrays[i].name);
    }
    return RN_OK;
}

rn_status rni_hdf5_build(rn_index n_attributes, const rni_hdf5_attribute *attributes,
                         rn_index n_arrays, const rni_hdf5_array *arrays, unsigned char **bytes,
                         rn_index *n_bytes)
{
    rn_index total = ROOM;
    for (rn_index i = 0; i < n_arrays; i++) {
        rn_index count = 0;
        RNI_TRY(check_array(&arrays[i], &count));
        total += 4 * count * (rn_index)sizeof(double); /* the image grows by being copied */
    }
    if (!rni_memory_has_room(total))
        return rni_fail(RN_ERR_MEMORY, "rni_hdf5_build: no memory, expected %" PRId64 " bytes",
                        total);
    const quiet kept = quiet_begin();
    builder b = {.file = -1, .dataset_create = -1, .link_create = -1};
    rn_status status = RN_OK;
    if (!builder_open(&b)) status = refused("rni_hdf5_build", "a new image");
    if (status == RN_OK) status = fill(&b, n_attributes, attributes, n_arrays, arrays);
    if (status == RN_OK) status = take_image(&b, bytes, n_bytes);
    builder_close(&b);
    quiet_end(kept);
    return status;
}

/* ---- reading ------------------------------------------------------------------------------- */

rn_status rni_hdf5_open(const unsigned char *bytes, rn_index n_bytes, rni_hdf5_image **out)
{
    if (!bytes || n_bytes <= 0 || !out)
        return rni_fail(RN_ERR_ARGUMENT, "rni_hdf5_open: needs an image of at least one byte");
    rni_hdf5_image *image =
        rni_memory_has_room(ROOM + 2 * n_bytes) ? rni_alloc(1, sizeof *image) : NULL;
    if (!image) return rni_fail(RN_ERR_MEMORY, "rni_hdf5_open: no memory");

    const quiet kept = quiet_begin();
    hid_t file = -1;
    bool lacks_memory = false;
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0) {
        /* HDF5 copies the bytes: its interface wants them writable only for that copy's sake */
        unsigned char *copy = rni_alloc(n_bytes, 1);
        lacks_memory = !copy;
        if (copy) {
            memcpy(copy, bytes, (size_t)n_bytes);
            if (H5Pset_fapl_core(access, GROWTH, 0) >= 0
                && H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0
                && H5Pset_file_image(access, copy, (size_t)n_bytes) >= 0)
                file = H5Fopen("renorm-image", H5F_ACC_RDONLY, access);
            rni_free(copy);
        }
        (void)H5Pclose(access);
    }
    quiet_end(kept);
    if (file < 0) {
        rni_free(image);
        if (lacks_memory) return rni_fail(RN_ERR_MEMORY, "rni_hdf5_open: no memory for a copy");
        return rni_fail(RN_ERR_FORMAT, "rni_hdf5_open: %" PRId64 " bytes that are not an HDF5 file",
                        n_bytes);
    }
    image->file = file;
    *out = image;
    return RN_OK;
}

void rni_hdf5_close(rni_hdf5_image *image)
{
    if (!image) return;
    const quiet kept = quiet_begin();
    (void)H5Fclose(image->file);
    quiet_end(kept);
    rni_free(image);
}

/* The rank of an opened dataset and its dims, or -1. */
static int dataset_shape(hid_t dataset, rn_index *dims)
{
    hsize_t sizes[RNI_HDF5_RANK_MAX] = {0};
    const hid_t space = H5Dget_space(dataset);
    if (space < 0) return -1;
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank > RNI_HDF5_RANK_MAX) rank = -1;
    if (rank > 0 && H5Sget_simple_extent_dims(space, sizes, NULL) < 0) rank = -1;
    (void)H5Sclose(space);
    for (int axis = 0; axis < rank; axis++)
        dims[axis] = (rn_index)sizes[axis];
    return rank;
}

rn_status rni_hdf5_shape(rni_hdf5_image *image, const char *name, int *rank, rn_index *dims)
{
    const quiet kept = quiet_begin();
    int found = -1;
    const hid_t dataset = H5Dopen2(image->file, name, H5P_DEFAULT);
    if (dataset >= 0) {
        found = dataset_shape(dataset, dims);
        (void)H5Dclose(dataset);
    }
    quiet_end(kept);
    if (found < 0) return rni_fail(RN_ERR_FORMAT, "rni_hdf5_shape: no array '%s'", name);
    *rank = found;
    return RN_OK;
}

/* What is not plain about an opened dataset; NULL: nothing. */
static const char *find_oddity(hid_t dataset)
{
    const char *found = "an array that cannot be looked at";
    const hid_t type = H5Dget_type(dataset);
    const hid_t creation = H5Dget_create_plist(dataset);
    if (type >= 0 && creation >= 0) {
        const H5T_class_t kind = H5Tget_class(type);
        const H5D_layout_t layout = H5Pget_layout(creation);
        found = NULL;
        if (kind != H5T_INTEGER && kind != H5T_FLOAT)
            found = "something other than whole numbers or reals";
        else if (H5Pget_external_count(creation) != 0 || layout == H5D_VIRTUAL)
            found = "an array whose numbers are kept in other files";
    }
    if (creation >= 0) (void)H5Pclose(creation);
    if (type >= 0) (void)H5Tclose(type);
    return found;
}

rn_status rni_hdf5_check_plain(rni_hdf5_image *image, const char *name, bool *is_there)
{
    const quiet kept = quiet_begin();
    const char *found = NULL;
    H5L_info_t link;
    (void)H5PLset_loading_state(0);
    *is_there = H5Lexists(image->file, name, H5P_DEFAULT) > 0;
    if (!*is_there) {
        quiet_end(kept);
        return RN_OK;
    }
    if (H5Lget_info(image->file, name, &link, H5P_DEFAULT) < 0
        || (link.type != H5L_TYPE_HARD && link.type != H5L_TYPE_SOFT)) {
        found = "a link out of the file";
    } else {
        const hid_t dataset = H5Dopen2(image->file, name, H5P_DEFAULT);
        found = dataset >= 0 ? find_oddity(dataset) : "no array, or a link that leads to none";
        if (dataset >= 0) (void)H5Dclose(dataset);
    }
    quiet_end(kept);
    if (!found) return RN_OK;
    return rni_fail(RN_ERR_FORMAT, "'%s' to be %s", name, found);
}

/* Reads a whole array as that type of HDF5's; `caller` for messages. */
static rn_status read_array(const char *caller, rni_hdf5_image *image, const char *name,
                            rn_index count, hid_t type, void *values)
{
    int rank = 0;
    rn_index dims[RNI_HDF5_RANK_MAX] = {0};
    rn_index total = 1;
    RNI_TRY(rni_hdf5_shape(image, name, &rank, dims));
    for (int axis = 0; axis < rank; axis++)
        if (!rni_size_mul(total, dims[axis], &total)) total = -1;
    if (total != count)
        return rni_fail(RN_ERR_SHAPE,
                        "%s: array '%s' holds %" PRId64 " numbers, asked for %" PRId64, caller,
                        name, total, count);
    if (count == 0) return RN_OK;

    const quiet kept = quiet_begin();
    bool is_done = false;
    const hid_t dataset = H5Dopen2(image->file, name, H5P_DEFAULT);
    if (dataset >= 0) {
        is_done = H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
        (void)H5Dclose(dataset);
    }
    quiet_end(kept);
    if (!is_done) return rni_fail(RN_ERR_FORMAT, "%s: array '%s' cannot be read", caller, name);
    return RN_OK;
}

rn_status rni_hdf5_read_reals(rni_hdf5_image *image, const char *name, rn_index count,
                              double *values)
{
    return read_array("rni_hdf5_read_reals", image, name, count, H5T_NATIVE_DOUBLE, values);
}

rn_status rni_hdf5_read_integers(rni_hdf5_image *image, const char *name, rn_index count,
                                 rn_index *values)
{
    return read_array("rni_hdf5_read_integers", image, name, count, H5T_NATIVE_INT64, values);
}

/* Reads an attribute text of any stored length into text[size]. */
static bool read_text(hid_t attribute, size_t size, char *text)
{
    bool is_done = false;
    const hid_t stored = H5Aget_type(attribute);
    if (stored < 0) return false;
    const size_t n_bytes = H5Tget_size(stored);
    if (H5Tget_class(stored) == H5T_STRING && H5Tis_variable_str(stored) == 0 && n_bytes > 0) {
        char *whole = rni_alloc_zero((rn_index)n_bytes + 1, 1);
        is_done = whole && H5Aread(attribute, stored, whole) >= 0;
        if (is_done) (void)snprintf(text, size, "%s", whole);
        rni_free(whole);
    }
    (void)H5Tclose(stored);
    return is_done;
}

rn_status rni_hdf5_read_text(rni_hdf5_image *image, const char *array, const char *name,
                             size_t size, char *text)
{
    const quiet kept = quiet_begin();
    bool is_done = false;
    const hid_t attribute =
        H5Aopen_by_name(image->file, array ? array : ".", name, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute >= 0) {
        is_done = read_text(attribute, size, text);
        (void)H5Aclose(attribute);
    }
    quiet_end(kept);
    if (!is_done)
        return rni_fail(RN_ERR_FORMAT, "rni_hdf5_read_text: no text '%s' at '%s'", name,
                        array ? array : "the file");
    return RN_OK;
}

rn_status rni_hdf5_read_integer(rni_hdf5_image *image, const char *name, rn_index *value)
{
    const quiet kept = quiet_begin();
    bool is_done = false;
    rn_index found = 0;
    const hid_t attribute = H5Aopen(image->file, name, H5P_DEFAULT);
    if (attribute >= 0) {
        is_done = H5Aread(attribute, H5T_NATIVE_INT64, &found) >= 0;
        (void)H5Aclose(attribute);
    }
    quiet_end(kept);
    if (!is_done) return rni_fail(RN_ERR_FORMAT, "rni_hdf5_read_integer: no number '%s'", name);
    *value = found;
    return RN_OK;
}

void rni_hdf5_version(size_t size, char *text)
{
    /* of the headers, which HDF5 wants to be the library's: asking it would set all of it up */
    (void)snprintf(text, size, "%d.%d.%d", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE);
}
