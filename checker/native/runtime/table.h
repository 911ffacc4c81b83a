/* The visited set: 64-bit fingerprints in buckets of eight, one cache line each; a full bucket runs on into the next.
 *
 * Any number of threads may ask; one at a time may insert or grow (the search takes turns, so that states are found
 * in the same order with any number of threads). The order of buckets is the order of fingerprints, so a growing
 * table is copied in one sweep, and old pages go back to the system as they are passed. */
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
u64 table_room(const Table *table);          /* states that fit before it must grow */
u64 table_bytes(u64 buckets);
u64 table_buckets_for(const Table *table, u64 states);

/* Whether a fingerprint is in the table; may miss one that is being inserted. */
MAYBE int table_has(const Table *table, u64 print) {
    u64 bucket = bucket_of(print, table->buckets);
    for (;;) {
        const u64 *line = &table->slots[bucket * 8];
        for (int i = 0; i < 8; i++) {
            const u64 slot = __atomic_load_n(&line[i], __ATOMIC_RELAXED);
            if (slot == print) return 1;
            if (slot == 0) return 0;
        }
        if (++bucket == table->buckets) bucket = 0;
    }
}

/* Inserts a fingerprint; 0 when it was there already. The caller has made room. */
MAYBE int table_insert(Table *table, u64 print) {
    u64 bucket = bucket_of(print, table->buckets);
    for (;;) {
        u64 *line = &table->slots[bucket * 8];
        for (int i = 0; i < 8; i++) {
            const u64 slot = line[i];
            if (slot == print) return 0;
            if (slot == 0) {
                __atomic_store_n(&line[i], print, __ATOMIC_RELAXED);
                table->used++;
                return 1;
            }
        }
        if (++bucket == table->buckets) bucket = 0;
    }
}

#endif
