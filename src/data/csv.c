/*
 * CSV tables, read byte by byte through a buffer; one field is held at a time.
 */
#include "data/csv.h"

#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

enum { BUFFER_BYTES = 65536, MAX_FIELD = 1200 };

typedef struct scanner {
    rni_reader *reader;
    rni_csv *csv;
    rn_index n_buffer, at;
    rn_index line, column; /* of the next byte, from 1 */
    rn_index field_column; /* where the field starts */
    rn_index n_field;
    rn_index n_fields; /* of this line, so far */
    bool is_quoted;
    rn_status status; /* of reading; a failure stays */
    char field[MAX_FIELD + 1];
    char buffer[BUFFER_BYTES];
} scanner;

/* What ended a field. */
typedef enum ending { ENDS_FIELD, ENDS_LINE, ENDS_FILE } ending;

static rn_status refuse(scanner *scan, rn_index column, const char *text)
{
    scan->status = rni_fail(RN_ERR_FORMAT, "%s:%" PRId64 ":%" PRId64 ": %s", scan->reader->name,
                            scan->line, column, text);
    return scan->status;
}

/* The next byte; -1 at the end of the file, and for ever after a failure. */
static int peek(scanner *scan)
{
    if (scan->status == RN_OK && scan->at == scan->n_buffer) {
        scan->status = rni_read(scan->reader, scan->buffer, BUFFER_BYTES, &scan->n_buffer);
        scan->at = 0;
    }
    if (scan->status < 0 || scan->n_buffer == 0) return -1;
    return (unsigned char)scan->buffer[scan->at];
}

static void step(scanner *scan)
{
    scan->at++;
    scan->column++;
}

/* Appends the next byte to the field. */
static void keep(scanner *scan, int byte)
{
    if (byte == 0)
        (void)refuse(scan, scan->column, "found a zero byte, expected text");
    else if (scan->n_field == MAX_FIELD)
        (void)refuse(scan, scan->field_column, "found a field of more than 1200 bytes");
    else
        scan->field[scan->n_field++] = (char)byte;
    step(scan);
}

/* --- fields ---------------------------------------------------------------------------------- */

/* A field between quotes; "" inside stands for one quote. Stops behind the closing quote. */
static void read_quoted(scanner *scan)
{
    scan->is_quoted = true;
    step(scan);
    for (int byte = peek(scan); byte >= 0 && byte != '\n'; byte = peek(scan)) {
        if (byte == '"') {
            step(scan);
            if (peek(scan) != '"') return;
        }
        keep(scan, byte);
    }
    if (scan->status == RN_OK)
        (void)refuse(scan, scan->field_column, "found no end of the quoted field");
}

static void read_plain(scanner *scan)
{
    for (int byte = peek(scan); byte >= 0 && byte != ',' && byte != '\n'; byte = peek(scan))
        keep(scan, byte);
}

/* Takes the carriage return of a CRLF. */
static void drop_return(scanner *scan)
{
    if (scan->n_field > 0 && scan->field[scan->n_field - 1] == '\r') scan->n_field--;
}

/* Reads up to and over the comma or line end. */
static rn_status read_field(scanner *scan, ending *end)
{
    scan->n_field = 0;
    scan->is_quoted = false;
    scan->field_column = scan->column;
    if (peek(scan) == '"') {
        read_quoted(scan);
        const int next = peek(scan);
        if (next >= 0 && !strchr(",\r\n", next))
            return refuse(scan, scan->column, "found text behind a quoted field, expected a comma");
    }
    read_plain(scan);
    const int byte = peek(scan);
    if (byte != ',') drop_return(scan);
    if (byte >= 0) step(scan);
    scan->field[scan->n_field] = '\0';
    *end = byte < 0 ? ENDS_FILE : byte == ',' ? ENDS_FIELD : ENDS_LINE;
    scan->n_fields++;
    return scan->status;
}

static rn_status take_name(scanner *scan)
{
    rni_text *names = &scan->csv->names;
    if (rni_utf8_check(scan->field, scan->n_field) < scan->n_field)
        return refuse(scan, scan->field_column, "found a name that is not UTF-8");
    rni_text_add(names, "%s%c", scan->field, '\0');
    return names->is_broken ? rni_fail(RN_ERR_MEMORY, "%s: no memory", scan->reader->name) : RN_OK;
}

static rn_status grow(scanner *scan, rn_index n_values)
{
    rni_csv *csv = scan->csv;
    if (n_values <= csv->capacity) return RN_OK;
    const rn_index capacity = rni_max(2 * csv->capacity, 256);
    double *grown = rni_resize(csv->values, csv->capacity, capacity, sizeof *grown);
    if (!grown) return rni_fail(RN_ERR_MEMORY, "%s: no memory for the table", scan->reader->name);
    csv->values = grown;
    csv->capacity = capacity;
    return RN_OK;
}

static rn_status take_number(scanner *scan)
{
    rni_csv *csv = scan->csv;
    const rn_index place = csv->n_rows * csv->n_columns + scan->n_fields - 1;
    double value = 0.0;
    const char *problem = scan->is_quoted ? "it stands between quotes"
                                          : rni_real_parse(scan->field, scan->n_field, &value);
    if (problem)
        return rni_fail(RN_ERR_FORMAT,
                        "%s:%" PRId64 ":%" PRId64 ": found %s, expected a number: %s",
                        scan->reader->name, scan->line, scan->field_column,
                        rni_quote(scan->field, scan->n_field).chars, problem);
    RNI_TRY(grow(scan, place + 1));
    csv->values[place] = value;
    return RN_OK;
}

/* --- lines ----------------------------------------------------------------------------------- */

/* One line of names or numbers; the first line decides the number of columns. */
static rn_status read_line(scanner *scan, bool is_header)
{
    rni_csv *csv = scan->csv;
    const bool is_first = csv->n_columns == 0;
    ending end = ENDS_FIELD;
    scan->n_fields = 0;
    scan->column = 1;
    while (end == ENDS_FIELD) {
        RNI_TRY(read_field(scan, &end));
        if (!is_first && scan->n_fields > csv->n_columns)
            return rni_fail(RN_ERR_FORMAT,
                            "%s:%" PRId64 ":%" PRId64 ": found more than %" PRId64
                            " fields, expected as many as in the first line",
                            scan->reader->name, scan->line, scan->field_column, csv->n_columns);
        RNI_TRY(is_header ? take_name(scan) : take_number(scan));
    }
    if (!is_first && scan->n_fields < csv->n_columns)
        return rni_fail(RN_ERR_FORMAT,
                        "%s:%" PRId64 ": found %" PRId64 " fields, expected %" PRId64
                        " as in the first line",
                        scan->reader->name, scan->line, scan->n_fields, csv->n_columns);
    csv->n_columns = scan->n_fields;
    csv->n_rows += !is_header;
    scan->line++;
    return RN_OK;
}

static rn_status read_lines(scanner *scan, bool has_header)
{
    (void)peek(scan);
    if (scan->n_buffer >= 3 && memcmp(scan->buffer, "\xEF\xBB\xBF", 3) == 0) scan->at = 3;
    if (has_header) RNI_TRY(read_line(scan, true));
    while (peek(scan) >= 0)
        RNI_TRY(read_line(scan, false));
    if (scan->status < 0 || scan->csv->n_rows > 0) return scan->status;
    return refuse(scan, 1, "found no numbers, expected at least one line of them");
}

rn_status rni_csv_read(rni_reader *reader, bool has_header, rni_csv *csv)
{
    scanner *scan = rni_alloc_zero(1, sizeof *scan);
    if (!scan) return rni_fail(RN_ERR_MEMORY, "%s: no memory to read it", reader->name);
    rni_csv table = {0};
    scan->reader = reader;
    scan->csv = &table;
    scan->line = 1;
    const rn_status status = read_lines(scan, has_header);
    rni_free(scan);
    if (status < 0) {
        rni_csv_clear(&table);
        return status;
    }
    *csv = table;
    return RN_OK;
}

rn_index rni_csv_find(const rni_csv *csv, const char *name)
{
    const char *next = rni_text_get(&csv->names);
    for (rn_index i = 0; csv->names.length > 0 && i < csv->n_columns; i++) {
        if (strcmp(next, name) == 0) return i;
        next += strlen(next) + 1;
    }
    rn_index number = 0;
    if (rni_integer_parse(name, (rn_index)strlen(name), &number)) return -1;
    return number >= 1 && number <= csv->n_columns ? number - 1 : -1;
}

void rni_csv_clear(rni_csv *csv)
{
    rni_free(csv->values);
    rni_text_clear(&csv->names);
    *csv = (rni_csv){0};
}
