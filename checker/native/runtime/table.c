#include "table.h"
#include "memory.h"

enum { SMALLEST = 1 << 9 };                 /* buckets: 32 KiB */
static const u64 DOUBLING = UINT64_C(1) << 18; /* up to so many buckets (16 MiB) it doubles, then grows by half */

u64 table_bytes(u64 buckets) {
    return buckets * 8 * sizeof(u64);
}

/* Load at most 7/8. */
static u64 most(u64 buckets) {
    return buckets * 7;
}

u64 table_room(const Table *table) {
    return most(table->buckets) > table->used ? most(table->buckets) - table->used : 0;
}

u64 table_buckets_for(const Table *table, u64 states) {
    u64 buckets = table->buckets ? table->buckets : SMALLEST;
    while (most(buckets) < states) buckets += buckets < DOUBLING ? buckets : buckets / 2;
    return buckets;
}

int table_open(Table *table, u64 states) {
    *table = (Table){0};
    table->buckets = table_buckets_for(table, states);
    table->slots = pages_take(table_bytes(table->buckets));
    return table->slots != NULL;
}

void table_close(Table *table) {
    pages_give(table->slots, table_bytes(table->buckets));
    *table = (Table){0};
}

int table_reserve(Table *table, u64 states) {
    const u64 buckets = table_buckets_for(table, states);
    if (buckets == table->buckets) return 1;
    Table bigger = {.buckets = buckets, .slots = pages_take(table_bytes(buckets))};
    if (bigger.slots == NULL) return 0;
    u64 *forgotten = table->slots;
    for (u64 bucket = 0; bucket < table->buckets; bucket++) {
        u64 *line = &table->slots[bucket * 8];
        for (int i = 0; i < 8 && line[i] != 0; i++) table_insert(&bigger, line[i]);
        if ((bucket & 0xffff) == 0xffff) { /* every 4 MiB */
            pages_forget(forgotten, line + 8);
            forgotten = line + 8;
        }
    }
    pages_give(table->slots, table_bytes(table->buckets));
    *table = bigger;
    return 1;
}
