/* The visited set: 64-bit fingerprints in buckets of eight, one cache line each; a full bucket runs on into the next.
 *
 * Any number of threads may ask; one at a time may insert (the search takes turns, so that states are found in the same
 * order with any number of threads). The order of buckets is the order of fingerprints, so a growing table is copied in
 * parts, each by one sweep, and old pages go back to the system as they are passed. */
#ifndef QUORATE_TABLE_H
#define QUORATE_TABLE_H

#include "model.h"

typedef struct {
    u64 *slots;
    u64 buckets;
    u64 used;
} Table;

int table_open(Table *table, u64 states);    /* room for this many; 0 when there is no memory */
void table_close(Table *table);
int table_reserve(Table *table, u64 states); /* grows until this many fit; 0 when there is no memory */
/* The same in parts that several threads may do: a larger one, empty; some of its fingerprints; the end. */
int table_begin(Table *larger, const Table *table, u64 states);
void table_move(Table *larger, const Table *table, u64 part);
void table_end(Table *larger, Table *table);
u64 table_parts(const Table *table);
u64 table_room(const Table *table);          /* states that fit before it must grow */
u64 table_bytes(u64 buckets);
u64 table_buckets_for(const Table *table, u64 states);

MAYBE const u64 *table_line(const Table *table, u64 print) {
    return &table->slots[bucket_of(print, table->buckets) * 8];
}

/* One bucket: whether the fingerprint is in it, and how many of its slots are taken (they fill from the front).
 * Without branches, so that it becomes a few vector instructions. */
MAYBE int bucket_look(const u64 *line, u64 print, unsigned *taken) {
    unsigned hit = 0, used = 0;
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        hit |= line[i] == print;
        used += line[i] != 0;
    }
    *taken = used;
    return (int)hit;
}

/* Whether a fingerprint is in the table; may miss one that is being inserted. Slots are whole words, which no machine
 * of today writes by halves, and a miss is made good when the thread's turn comes: the race is harmless. */
__attribute__((no_sanitize("thread"))) MAYBE int table_has(const Table *table, u64 print) {
    u64 bucket = bucket_of(print, table->buckets);
    unsigned taken;
    for (;;) {
        if (bucket_look(&table->slots[bucket * 8], print, &taken)) return 1;
        if (taken < 8) return 0;
        if (++bucket == table->buckets) bucket = 0;
    }
}

/* Inserts a fingerprint; 0 when it was there already. The caller has made room, and adds to `used`. Whether it is there
 * nobody can guess, so there is no branch: what is there already is written to where nobody looks. */
MAYBE int table_insert(const Table *table, u64 print) {
    u64 nowhere, bucket = bucket_of(print, table->buckets);
    unsigned taken;
    for (;;) {
        u64 *line = &table->slots[bucket * 8];
        const int hit = bucket_look(line, print, &taken);
        if (!rarely(!hit & (taken == 8))) {
            __atomic_store_n(hit ? &nowhere : &line[taken], print, __ATOMIC_RELAXED);
            return !hit;
        }
        if (++bucket == table->buckets) bucket = 0;
    }
}

#endif
