#include "frontier.h"
#include "memory.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct Arena {
    Arena *next;
    size_t used;
    uint8_t bytes[];
};

enum { SHORT = 5 }; /* states of up to so many words are stored as they are */

/* ----------------------------------------------------------------------------------------------- packing */

size_t packed_most(unsigned words) {
    return words * sizeof(u64) + (words > SHORT ? (words + 7) / 8 : 0);
}

static size_t pack(uint8_t *to, const u64 *state, unsigned words) {
    if (words <= SHORT) {
        for (unsigned w = 0; w < words; w++) memcpy(to + w * sizeof(u64), &state[w], sizeof(u64));
        return words * sizeof(u64);
    }
    uint8_t *masks = to, *out = to + (words + 7) / 8;
    for (unsigned w = 0; w < words; w += 8) {
        unsigned mask = 0;
        for (unsigned i = w; i < w + 8 && i < words; i++) {
            memcpy(out, &state[i], sizeof(u64));
            const unsigned used = state[i] != 0;
            out += used * sizeof(u64);
            mask |= used << (i - w);
        }
        *masks++ = (uint8_t)mask;
    }
    return (size_t)(out - to);
}

const uint8_t *unpack(const uint8_t *data, u64 *state, unsigned words) {
    if (words <= SHORT) {
        for (unsigned w = 0; w < words; w++) memcpy(&state[w], data + w * sizeof(u64), sizeof(u64));
        return data + words * sizeof(u64);
    }
    const uint8_t *masks = data, *in = data + (words + 7) / 8;
    memset(state, 0, words * sizeof(u64));
    for (unsigned w = 0; w < words; w += 8) {
        for (unsigned mask = *masks++; mask != 0; mask &= mask - 1) {
            memcpy(&state[w + (unsigned)__builtin_ctz(mask)], in, sizeof(u64));
            in += sizeof(u64);
        }
    }
    return in;
}

/* ------------------------------------------------------------------------------------------------ journal */

static uint8_t *put_number(uint8_t *to, u64 number) {
    while (number >= 128) {
        *to++ = (uint8_t)(number | 128);
        number >>= 7;
    }
    *to++ = (uint8_t)number;
    return to;
}

static const uint8_t *get_number(const uint8_t *from, u64 *number) {
    *number = 0;
    for (unsigned shift = 0;; shift += 7) {
        *number |= (u64)(*from & 127) << shift;
        if (*from++ < 128) return from;
    }
}

void journal_find(const uint8_t *journal, u32 position, u64 *parent, u32 *ordinal) {
    u64 step = 0, place = 0;
    *parent = 0;
    for (u32 i = 0; i <= position; i++) {
        journal = get_number(get_number(journal, &step), &place);
        *parent += step;
    }
    *ordinal = (u32)place;
}

static uint8_t *arena_take(Pool *pool, Arena **arena, size_t bytes) {
    if (*arena == NULL || (*arena)->used + bytes > ARENA_BYTES - sizeof(Arena)) {
        Arena *fresh = pages_take(ARENA_BYTES);
        if (fresh == NULL) return NULL;
        pthread_mutex_lock(&pool->lock);
        fresh->next = pool->arenas;
        pool->arenas = fresh;
        pool->arena_bytes += ARENA_BYTES;
        pthread_mutex_unlock(&pool->lock);
        *arena = fresh;
    }
    uint8_t *found = (*arena)->bytes + (*arena)->used;
    (*arena)->used += bytes;
    return found;
}

/* -------------------------------------------------------------------------------------------------- chunks */

static size_t chunk_size(const Pool *pool) {
    const size_t least = 16 * packed_most(pool->words);
    return least > CHUNK_BYTES ? least : CHUNK_BYTES;
}

void pool_open(Pool *pool, unsigned words, u64 limit, const char *folder) {
    memset(pool, 0, sizeof *pool);
    pthread_mutex_init(&pool->lock, NULL);
    pool->words = words;
    pool->limit = limit;
    pool->files[0] = pool->files[1] = -1;
    snprintf(pool->folder, sizeof pool->folder, "%s", folder);
}

void pool_close(Pool *pool) {
    for (Chunk *chunk = pool->all, *next; chunk != NULL; chunk = next) {
        next = chunk->all;
        if (chunk->data != NULL) pages_give(chunk->data, chunk->bytes);
        free(chunk);
    }
    for (Arena *arena = pool->arenas, *next; arena != NULL; arena = next) {
        next = arena->next;
        pages_give(arena, ARENA_BYTES);
    }
    for (int side = 0; side < 2; side++) {
        if (pool->files[side] >= 0) close(pool->files[side]);
    }
    pthread_mutex_destroy(&pool->lock);
}

void pool_turn(Pool *pool) {
    pool->side ^= 1;
    pool->ends[pool->side] = 0;
    if (pool->files[pool->side] >= 0 && ftruncate(pool->files[pool->side], 0) != 0) pool->failed = errno;
}

static Chunk *chunk_new(Pool *pool) {
    Chunk *chunk = calloc(1, sizeof *chunk);
    if (chunk == NULL) return NULL;
    pthread_mutex_lock(&pool->lock);
    chunk->all = pool->all;
    pool->all = chunk;
    pthread_mutex_unlock(&pool->lock);
    return chunk;
}

static Chunk *chunk_take(Pool *pool) {
    pthread_mutex_lock(&pool->lock);
    Chunk *chunk = pool->idle;
    if (chunk != NULL) pool->idle = chunk->next;
    pthread_mutex_unlock(&pool->lock);
    if (chunk == NULL) {
        if ((chunk = chunk_new(pool)) == NULL) return NULL;
        chunk->bytes = chunk_size(pool);
        if ((chunk->data = pages_take(chunk->bytes)) == NULL) return NULL;
        __atomic_fetch_add(&pool->chunk_bytes, chunk->bytes, __ATOMIC_RELAXED);
    }
    chunk->used = 0;
    chunk->blocks = 1;
    return chunk;
}

static void chunk_release(Pool *pool, Chunk *chunk) {
    if (__atomic_sub_fetch(&chunk->blocks, 1, __ATOMIC_ACQ_REL) != 0) return;
    if (chunk->data == NULL) return;
    pthread_mutex_lock(&pool->lock);
    chunk->next = pool->idle;
    pool->idle = chunk;
    pthread_mutex_unlock(&pool->lock);
}

static int spill_file(Pool *pool) {
    if (pool->files[pool->side] >= 0) return pool->files[pool->side];
    char path[4200];
    snprintf(path, sizeof path, "%s/quorate-frontier-XXXXXX", pool->folder);
    const int file = mkstemp(path);
    if (file >= 0) unlink(path); /* nothing is left behind, however the process ends */
    return pool->files[pool->side] = file;
}

static void fail(Pool *pool) {
    __atomic_store_n(&pool->failed, errno != 0 ? errno : EIO, __ATOMIC_RELAXED);
}

int pool_failed(const Pool *pool) {
    return __atomic_load_n(&pool->failed, __ATOMIC_RELAXED);
}

/* Writes a full chunk to the file, so that its pages can be filled again. Where that fails it stays as it is. */
static void spill(Pool *pool, Chunk *chunk) {
    pthread_mutex_lock(&pool->lock);
    const int file = spill_file(pool);
    const i64 offset = pool->ends[pool->side];
    pool->ends[pool->side] += (i64)chunk->used;
    pool->spilled += chunk->used;
    pthread_mutex_unlock(&pool->lock);
    size_t written = 0;
    errno = 0;
    while (file >= 0 && written < chunk->used) {
        const ssize_t more = pwrite(file, chunk->data + written, chunk->used - written, offset + (i64)written);
        if (more <= 0) break;
        written += (size_t)more;
    }
    if (written < chunk->used) return fail(pool);
    Chunk *pages = chunk_new(pool);
    if (pages == NULL) return;
    pages->data = chunk->data;
    pages->bytes = chunk->bytes;
    chunk->data = NULL;
    chunk->offset = offset;
    chunk->file = file;
    pthread_mutex_lock(&pool->lock);
    pages->next = pool->idle;
    pool->idle = pages;
    pthread_mutex_unlock(&pool->lock);
}

static void chunk_finish(Pool *pool, Chunk *chunk) {
    const int wanted = pool->limit != 0 && pool->folder[0] != 0 && pages_held() > pool->limit;
    if (wanted && !pool_failed(pool)) spill(pool, chunk);
    chunk_release(pool, chunk);
}

/* ------------------------------------------------------------------------------------------------- writing */

void writer_open(Writer *writer, Pool *pool) {
    memset(writer, 0, sizeof *writer);
    writer->pool = pool;
}

void writer_close(Writer *writer) {
    if (writer->chunk != NULL) chunk_release(writer->pool, writer->chunk);
    free(writer->done);
}

static int begin_block(Writer *writer, u64 index) {
    Pool *pool = writer->pool;
    const size_t most = packed_most(pool->words);
    if (writer->chunk != NULL && writer->chunk->used + most * 4 > writer->chunk->bytes) {
        Chunk *full = writer->chunk;
        writer->chunk = NULL;
        chunk_finish(pool, full);
    }
    if (writer->chunk == NULL && (writer->chunk = chunk_take(pool)) == NULL) return 0;
    writer->block = (Block){.first = index, .chunk = writer->chunk, .at = (u32)writer->chunk->used};
    writer->previous = 0;
    return 1;
}

int writer_cut(Writer *writer) {
    Block *block = &writer->block;
    if (block->count == 0) return 1;
    if (writer->dones == writer->room) {
        const u32 room = writer->room ? 2 * writer->room : 16;
        Block *more = realloc(writer->done, room * sizeof *more);
        if (more == NULL) return 0;
        writer->done = more;
        writer->room = room;
    }
    block->journal = arena_take(writer->pool, &writer->arena, block->journal_bytes);
    if (block->journal == NULL) return 0;
    memcpy(block->journal, writer->journal, block->journal_bytes);
    __atomic_fetch_add(&block->chunk->blocks, 1, __ATOMIC_RELAXED);
    writer->done[writer->dones++] = *block;
    block->count = 0;
    return 1;
}

int writer_add(Writer *writer, const u64 *state, u64 index, u64 parent, u32 ordinal) {
    Block *block = &writer->block;
    const size_t most = packed_most(writer->pool->words);
    const int full = block->count == BLOCK_STATES ||
                     (block->count > 0 && (writer->chunk->used + most > writer->chunk->bytes || parent < writer->previous));
    if (full && !writer_cut(writer)) return 0;
    if (block->count == 0 && !begin_block(writer, index)) return 0;
    Chunk *chunk = writer->chunk;
    const size_t bytes = pack(chunk->data + chunk->used, state, writer->pool->words);
    chunk->used += bytes;
    block->bytes += (u32)bytes;
    uint8_t *end = writer->journal + block->journal_bytes;
    end = put_number(put_number(end, parent - writer->previous), ordinal);
    block->journal_bytes = (u32)(end - writer->journal);
    writer->previous = parent;
    block->count++;
    return 1;
}

Block *writer_take(Writer *writer, u32 *count) {
    Block *blocks = writer->done;
    *count = writer->dones;
    writer->done = NULL;
    writer->dones = writer->room = 0;
    return blocks;
}

/* ------------------------------------------------------------------------------------------------- reading */

const uint8_t *block_data(Pool *pool, const Block *block, uint8_t *scratch) {
    if (block->chunk->data != NULL) return block->chunk->data + block->at;
    size_t have = 0;
    while (have < block->bytes) {
        errno = 0;
        const ssize_t more = pread(block->chunk->file, scratch + have, block->bytes - have,
                                   block->chunk->offset + block->at + (i64)have);
        if (more <= 0) {
            fail(pool);
            return NULL;
        }
        have += (size_t)more;
    }
    return scratch;
}

void block_done(Pool *pool, const Block *block) {
    chunk_release(pool, block->chunk);
}

/* ------------------------------------------------------------------------------------------------- putting back */

int pool_adopt(Pool *pool, Block *block, const uint8_t *data) {
    if (pool->adopting == NULL || pool->adopting->used + block->bytes > pool->adopting->bytes) {
        Chunk *full = pool->adopting;
        pool->adopting = NULL;
        if (full != NULL) chunk_finish(pool, full);
        if ((pool->adopting = chunk_take(pool)) == NULL) return 0;
    }
    Chunk *chunk = pool->adopting;
    if (block->bytes > chunk->bytes - chunk->used) return 0;
    memcpy(chunk->data + chunk->used, data, block->bytes);
    block->at = (u32)chunk->used;
    block->chunk = chunk;
    chunk->used += block->bytes;
    __atomic_fetch_add(&chunk->blocks, 1, __ATOMIC_RELAXED);
    return 1;
}

uint8_t *pool_journal(Pool *pool, const uint8_t *journal, size_t bytes) {
    uint8_t *found = arena_take(pool, &pool->adopted, bytes);
    if (found != NULL) memcpy(found, journal, bytes);
    return found;
}
