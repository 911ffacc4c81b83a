/* A search in a file: what it has found, what is to be expanded, and a checksum over all of it.
 *
 * The file begins with a text of the driver, which says what was searched; the driver compares it. What follows is in
 * this machine's byte order and for this version of the runtime. */
#include "report.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const u64 MAGIC = UINT64_C(0x3174706b63727571);

typedef struct {
    FILE *file;
    u64 sum;
    int failed; /* errno, or -1 for a file that is not what it should be */
} Stream;

static void mix(Stream *stream, const void *bytes, size_t count) {
    u64 word = 0;
    const uint8_t *at = bytes;
    for (; count >= sizeof word; count -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        stream->sum = blend(stream->sum, word);
    }
    word = count;
    memcpy(&word, at, count);
    stream->sum = blend(stream->sum, word);
}

static void out(Stream *stream, const void *bytes, size_t count) {
    if (stream->failed || count == 0) return;
    errno = 0;
    if (fwrite(bytes, 1, count, stream->file) != count) stream->failed = errno ? errno : EIO;
    mix(stream, bytes, count);
}

static void in(Stream *stream, void *bytes, size_t count) {
    if (count == 0) return;
    if (!stream->failed && fread(bytes, 1, count, stream->file) != count) stream->failed = -1;
    if (stream->failed) memset(bytes, 0, count);
    mix(stream, bytes, count);
}

static u64 in_number(Stream *stream, u64 most) {
    u64 number = 0;
    in(stream, &number, sizeof number);
    if (number > most) stream->failed = -1;
    return stream->failed ? 0 : number;
}

static void out_number(Stream *stream, u64 number) {
    out(stream, &number, sizeof number);
}

/* ---------------------------------------------------------------------------------------------------- saving */

static void save_sums(const Search *s, Stream *to) {
    const u64 sums[] = {s->distinct, s->generated, s->outside, s->unreduced, s->depth, s->reached, (u64)s->deeper};
    out(to, sums, sizeof sums);
    out(to, s->totals, 2 * s->actions * sizeof *s->totals);
    out(to, s->found, (s->properties + s->model->witnesses) * sizeof *s->found);
}

static void save_table(const Table *table, Stream *to) {
    u64 line[1024];
    unsigned filled = 0;
    out_number(to, table->used);
    for (u64 slot = 0; slot < table->buckets * 8; slot++) {
        if (table->slots[slot] == 0) continue;
        line[filled++] = table->slots[slot];
        if (filled == 1024) {
            out(to, line, sizeof line);
            filled = 0;
        }
    }
    out(to, line, filled * sizeof *line);
}

static void save_blocks(Search *s, const Block *blocks, u32 count, Stream *to) {
    uint8_t *scratch = malloc(BLOCK_STATES * packed_most(s->model->words));
    out_number(to, count);
    for (u32 b = 0; b < count && scratch != NULL; b++) {
        const uint8_t *data = block_data(&s->pool, &blocks[b], scratch);
        if (data == NULL) to->failed = s->pool.failed;
        out_number(to, blocks[b].first);
        out_number(to, blocks[b].count);
        out_number(to, blocks[b].bytes);
        if (data != NULL) out(to, data, blocks[b].bytes);
    }
    if (scratch == NULL) to->failed = ENOMEM;
    free(scratch);
}

int search_save(Search *s, const char *path, const char *header, u64 length) {
    if (s->torn) return ENOMEM;
    Stream to = {.file = fopen(path, "wb")};
    if (to.file == NULL) return errno;
    out_number(&to, MAGIC);
    out_number(&to, length);
    out(&to, header, length);
    save_sums(s, &to);
    save_table(&s->table, &to);
    save_table(&s->beyond, &to);
    out_number(&to, s->entry_count);
    for (u64 e = 0; e < s->entry_count; e++) {
        out_number(&to, s->entries[e].first);
        out_number(&to, s->entries[e].count);
        out_number(&to, s->entries[e].bytes);
        out(&to, s->entries[e].journal, s->entries[e].bytes);
    }
    save_blocks(s, s->level, s->blocks, &to);
    save_blocks(s, s->next, s->nexts, &to);
    const u64 sum = to.sum;
    out_number(&to, sum);
    errno = 0;
    if (!to.failed && (fflush(to.file) != 0 || fsync(fileno(to.file)) != 0)) to.failed = errno ? errno : EIO;
    if (fclose(to.file) != 0 && !to.failed) to.failed = EIO;
    return to.failed;
}

/* --------------------------------------------------------------------------------------------------- loading */

static void load_sums(Search *s, Stream *from) {
    u64 sums[7];
    in(from, sums, sizeof sums);
    s->distinct = s->committed = s->live_distinct = sums[0];
    s->generated = s->live_generated = sums[1];
    s->outside = sums[2];
    s->unreduced = sums[3];
    s->depth = sums[4];
    s->reached = sums[5];
    s->deeper = sums[6] != 0;
    in(from, s->totals, 2 * s->actions * sizeof *s->totals);
    in(from, s->found, (s->properties + s->model->witnesses) * sizeof *s->found);
}

static void load_table(Table *table, Stream *from) {
    const u64 used = in_number(from, UINT64_C(1) << 48);
    if (used == 0) return;
    if (table->slots == NULL && !table_open(table, used)) from->failed = ENOMEM;
    if (!from->failed && !table_reserve(table, used)) from->failed = ENOMEM;
    u64 line[1024];
    for (u64 done = 0; done < used && !from->failed;) {
        const u64 count = used - done < 1024 ? used - done : 1024;
        in(from, line, count * sizeof *line);
        for (u64 i = 0; i < count && !from->failed; i++) {
            if (line[i] != 0) table->used += (u64)table_insert(table, line[i]); else from->failed = -1;
        }
        done += count;
    }
}

static void load_entries(Search *s, Stream *from) {
    const u64 count = in_number(from, UINT64_C(1) << 40);
    uint8_t journal[BLOCK_STATES * 15];
    for (u64 e = 0; e < count && !from->failed; e++) {
        Entry entry = {.first = in_number(from, UINT64_MAX)};
        entry.count = (u32)in_number(from, BLOCK_STATES);
        entry.bytes = (u32)in_number(from, sizeof journal);
        in(from, journal, entry.bytes);
        if (!from->failed && !search_adopt_entry(s, entry, journal)) from->failed = ENOMEM;
    }
}

static Block *load_blocks(Search *s, u32 *blocks, Stream *from) {
    const size_t most = BLOCK_STATES * packed_most(s->model->words);
    const u64 count = in_number(from, UINT32_MAX);
    uint8_t *data = malloc(most);
    Block *found = malloc((count + 1) * sizeof *found);
    if (data == NULL || found == NULL) from->failed = ENOMEM;
    for (*blocks = 0; *blocks < count && !from->failed;) {
        Block *block = &found[*blocks];
        *block = (Block){.first = in_number(from, UINT64_MAX)};
        block->count = (u32)in_number(from, BLOCK_STATES);
        block->bytes = (u32)in_number(from, most);
        in(from, data, block->bytes);
        if (from->failed) break;
        if (!pool_adopt(&s->pool, block, data)) from->failed = ENOMEM; else ++*blocks;
    }
    free(data);
    return found;
}

int search_load(Search *s, const char *path) {
    Stream from = {.file = fopen(path, "rb")};
    if (from.file == NULL) return errno;
    if (in_number(&from, UINT64_MAX) != MAGIC) from.failed = -1;
    const u64 length = in_number(&from, 1 << 20);
    char *header = malloc(length + 1);
    in(&from, header, length);
    free(header);
    load_sums(s, &from);
    load_table(&s->table, &from);
    load_table(&s->beyond, &from);
    load_entries(s, &from);
    s->level = load_blocks(s, &s->blocks, &from);
    s->next = load_blocks(s, &s->nexts, &from);
    s->next_room = s->nexts;
    const u64 sum = from.sum;
    if (in_number(&from, UINT64_MAX) != sum) from.failed = -1;
    fclose(from.file);
    s->frontier = search_waiting(s);
    if (!from.failed && s->frontier == 0) from.failed = -1;
    return from.failed;
}
