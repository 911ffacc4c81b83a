/* States found and not yet expanded, in blocks; and for every state, for ever, which step found it (the journal).
 *
 * A block holds up to 256 states with consecutive indices. Long states are stored without their zero words. Blocks lie
 * in chunks that are recycled once expanded, or go to a file when memory is short. A block's journal holds two small
 * numbers per state: how far its parent is from the previous one, and its ordinal among the parent's successors. */
#ifndef QUORATE_FRONTIER_H
#define QUORATE_FRONTIER_H

#include "model.h"
#include <pthread.h>

enum { BLOCK_STATES = 256, CHUNK_BYTES = 256 << 10, ARENA_BYTES = 1 << 20 };

typedef struct Chunk Chunk;
struct Chunk {
    uint8_t *data;      /* NULL once it is in the file */
    size_t bytes, used;
    i64 offset;         /* in the spill file */
    int file;
    u32 blocks;         /* not yet expanded, plus one while it is being filled */
    Chunk *next, *all;  /* the next idle one; the next of all there ever were */
};

typedef struct {
    u64 first;          /* index of its first state */
    u32 count, bytes, at;
    u32 journal_bytes;
    Chunk *chunk;
    uint8_t *journal;
} Block;

typedef struct Arena Arena;

/* What the writers of all threads share. */
typedef struct {
    pthread_mutex_t lock;
    Chunk *idle;        /* chunks with data pages, free to be filled */
    Chunk *all;
    Chunk *adopting;    /* the chunk and arena that a checkpoint is being read into */
    Arena *adopted;
    Arena *arenas;
    u64 limit;          /* bytes of memory beyond which chunks go to the file; 0: never */
    char folder[4096];  /* where the spill files are; empty: nowhere */
    int files[2];       /* of odd and even levels; -1 while there is none */
    i64 ends[2];
    int side;           /* which one is being written */
    int failed;         /* errno of the first failure of a file, for good; nothing is lost by it */
    u64 spilled;        /* bytes written to files, in all */
    u64 chunk_bytes, arena_bytes;
    unsigned words;
} Pool;

/* One thread's open block. */
typedef struct {
    Pool *pool;
    Chunk *chunk;
    Arena *arena;
    Block block;        /* the open one, when count > 0 */
    u64 previous;       /* parent of the last state of the open block */
    uint8_t journal[BLOCK_STATES * 15];
    Block *done;
    u32 dones, room;
} Writer;

void pool_open(Pool *pool, unsigned words, u64 limit, const char *folder);
void pool_close(Pool *pool);
void pool_turn(Pool *pool); /* a level is expanded: its file is emptied, and the next level goes there */

void writer_open(Writer *writer, Pool *pool);
void writer_close(Writer *writer);
int pool_failed(const Pool *pool);
/* Adds a state; 0 when the system has no memory left. */
int writer_add(Writer *writer, const u64 *state, u64 index, u64 parent, u32 ordinal);
int writer_cut(Writer *writer); /* ends the open block */
Block *writer_take(Writer *writer, u32 *count); /* the blocks since the last call; the caller frees the array */

/* The bytes of a block's states, possibly read into `scratch` (CHUNK_BYTES or more); NULL when reading fails. */
const uint8_t *block_data(Pool *pool, const Block *block, uint8_t *scratch);
void block_done(Pool *pool, const Block *block);
const uint8_t *unpack(const uint8_t *data, u64 *state, unsigned words);
size_t packed_most(unsigned words);
/* The parent and ordinal of state number `position` of a block. */
void journal_find(const uint8_t *journal, u32 position, u64 *parent, u32 *ordinal);
/* Puts back what a checkpoint kept: a block's states, a journal. */
int pool_adopt(Pool *pool, Block *block, const uint8_t *data);
uint8_t *pool_journal(Pool *pool, const uint8_t *journal, size_t bytes);

#endif
