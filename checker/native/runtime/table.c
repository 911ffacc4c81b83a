#include "table.h"
#include "memory.h"

enum { SMALLEST = 1 << 9, PART = 1 << 16 }; /* buckets: 32 KiB, 4 MiB */
static const u64 DOUBLING = UINT64_C(1) << 18; /* up to so many buckets (16 MiB) it doubles, then grows by half */

u64 table_bytes(u64 buckets) {
    return buckets * 8 * sizeof(u64);
}

/* Load at most 6/8. */
static u64 most(u64 buckets) {
    return buckets * 6;
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
    Table larger;
    if (table_buckets_for(table, states) == table->buckets) return 1;
    if (!table_begin(&larger, table, states)) return 0;
    for (u64 part = 0; part < table_parts(table); part++) table_move(&larger, table, part);
    table_end(&larger, table);
    return 1;
}

int table_begin(Table *larger, const Table *table, u64 states) {
    *larger = (Table){.buckets = table_buckets_for(table, states), .used = table->used};
    larger->slots = pages_take(table_bytes(larger->buckets));
    return larger->slots != NULL;
}

u64 table_parts(const Table *table) {
    return (table->buckets + PART - 1) / PART;
}

/* Inserts what is nowhere yet, while others do; parts meet where the last bucket of one runs on into the next. */
static void insert_among_others(const Table *table, u64 print) {
    u64 *const end = table->slots + table->buckets * 8;
    u64 *slot = &table->slots[bucket_of(print, table->buckets) * 8];
    for (;;) {
        u64 nothing = 0;
        if (__atomic_load_n(slot, __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(slot, &nothing, print, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return;
        if (++slot == end) slot = table->slots;
    }
}

void table_move(Table *larger, const Table *table, u64 part) {
    const u64 first = part * PART, last = first + PART < table->buckets ? first + PART : table->buckets;
    for (u64 bucket = first; bucket < last; bucket++) {
        const u64 *line = &table->slots[bucket * 8];
        for (int i = 0; i < 8 && line[i] != 0; i++) insert_among_others(larger, line[i]);
    }
    pages_forget(table->slots + first * 8, table->slots + last * 8);
}

void table_end(Table *larger, Table *table) {
    pages_give(table->slots, table_bytes(table->buckets));
    *table = *larger;
}
