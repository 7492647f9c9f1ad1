/*
 * The head of an IDX file.
 */
#include "data/idx.h"

#include "core/status.h"

/* Type byte -> element. */
static bool find_element(unsigned char code, rni_element *element)
{
    static const struct {
        unsigned char code;
        rni_element element;
    } types[] = {
        {0x08, {RNI_ELEMENT_UNSIGNED, 1, true}}, {0x09, {RNI_ELEMENT_SIGNED, 1, true}},
        {0x0B, {RNI_ELEMENT_SIGNED, 2, true}},   {0x0C, {RNI_ELEMENT_SIGNED, 4, true}},
        {0x0D, {RNI_ELEMENT_FLOAT, 4, true}},    {0x0E, {RNI_ELEMENT_FLOAT, 8, true}},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].code != code) continue;
        *element = types[i].element;
        return true;
    }
    return false;
}

rn_status rni_idx_read_head(rni_reader *reader, rni_array_head *head)
{
    unsigned char magic[4];
    rni_array_head found = {0};
    RNI_TRY(rni_read_exactly(reader, magic, 4, "the IDX header"));
    if (magic[0] != 0 || magic[1] != 0 || !find_element(magic[2], &found.element))
        return rni_fail(RN_ERR_FORMAT,
                        "%s: byte 0: found %02X %02X %02X %02X, expected an IDX file: 00 00, a "
                        "type (08, 09, 0B, 0C, 0D or 0E) and the number of axes",
                        reader->name, magic[0], magic[1], magic[2], magic[3]);
    found.rank = magic[3];
    if (found.rank < 1 || found.rank > RNI_ARRAY_MAX_RANK)
        return rni_fail(RN_ERR_FORMAT, "%s: byte 3: found %d axes, expected 1 to %d", reader->name,
                        found.rank, RNI_ARRAY_MAX_RANK);
    for (int axis = 0; axis < found.rank; axis++) {
        unsigned char bytes[4];
        RNI_TRY(rni_read_exactly(reader, bytes, 4, "the IDX header"));
        for (int i = 0; i < 4; i++)
            found.shape[axis] = found.shape[axis] << 8 | bytes[i];
    }
    RNI_TRY(rni_array_check(reader, &found));
    *head = found;
    return RN_OK;
}
