/* What the driver asks of a search: figures, findings, and the path to a state by replay of its journal. */
#include "report.h"
#include "memory.h"
#include <stdlib.h>

void search_report(const Search *s, Report *report) {
    *report = (Report){
        .distinct = s->distinct,
        .generated = s->generated,
        .outside = s->outside,
        .unreduced = s->unreduced,
        .depth = s->depth,
        .frontier = s->frontier,
        .memory = pages_held(),
        .table_bytes = s->settings.exact ? exact_bytes(&s->exact) : table_bytes(s->table.buckets),
        .journal_bytes = s->pool.arena_bytes + s->entry_room * sizeof(Entry),
        .frontier_bytes = s->pool.chunk_bytes,
        .spilled_bytes = s->pool.spilled,
        .slots = s->settings.exact ? s->exact.size : s->table.buckets * 8,
        .live_distinct = __atomic_load_n(&s->live_distinct, __ATOMIC_RELAXED),
        .live_generated = __atomic_load_n(&s->live_generated, __ATOMIC_RELAXED),
        .reason = (u32)s->reason,
        .error = (u32)s->error,
    };
}

const u64 *search_totals(const Search *s) {
    return s->totals;
}

void search_findings(const Search *s, Finding *stopped, Finding *found) {
    *stopped = s->stopped;
    memcpy(found, s->found, (s->properties + s->model->witnesses) * sizeof *found);
}

/* ----------------------------------------------------------------------------------------------------- paths */

static int origin(const Search *s, u64 index, u64 *parent, u32 *ordinal) {
    u64 low = 0, high = s->entry_count;
    while (low + 1 < high) {
        const u64 middle = (low + high) / 2;
        if (s->entries[middle].first <= index) low = middle; else high = middle;
    }
    const Entry *entry = &s->entries[low];
    if (index < entry->first || index - entry->first >= entry->count) return 0;
    journal_find(entry->journal, (u32)(index - entry->first), parent, ordinal);
    return 1;
}

u64 search_path(const Search *s, u64 index, u32 *ordinals, u64 room) {
    u64 length = 0;
    while (index != 0 && length < room) {
        u64 parent = 0;
        if (!origin(s, index, &parent, &ordinals[length])) return 0;
        index = parent;
        length++;
    }
    for (u64 i = 0; i < length / 2; i++) {
        const u32 other = ordinals[i];
        ordinals[i] = ordinals[length - 1 - i];
        ordinals[length - 1 - i] = other;
    }
    return length;
}

/* ------------------------------------------------------------------------------------------------- single steps */

typedef struct {
    Context cx;
    u64 *states;
    u32 *actions;
    u32 count, room, words;
} Collector;

static void collect(Context *cx) {
    Collector *all = cx->owner;
    for (u32 i = 0; i < cx->count; i++, all->count++) {
        if (all->count >= all->room) continue;
        copy(all->states + (size_t)all->count * all->words, cx->states + (size_t)i * all->words, all->words);
        all->actions[all->count] = cx->items[i].action;
    }
    cx->count = 0;
    cx->next = cx->states;
}

u32 model_steps(const Model *model, const u64 *state, u64 *states, u32 *actions, u32 room, u32 *site) {
    enum { BATCH = 64 };
    u64 recent = 0;
    Collector all = {.states = states, .actions = actions, .room = room, .words = model->words};
    all.cx = (Context){.batch = BATCH, .capacity = BATCH, .flush = collect, .failed = NOBODY};
    all.cx.states = all.cx.next = calloc((size_t)BATCH * model->words, sizeof(u64));
    all.cx.items = calloc(BATCH, sizeof(Item));
    all.cx.owner = &all;
    all.cx.recent = &recent;
    all.cx.actions = calloc(2 * (model->actions + model->initials), sizeof(u32));
    if (state == NULL) model->initial(&all.cx); else model->expand(&all.cx, state);
    collect(&all.cx);
    *site = all.cx.site;
    free(all.cx.states);
    free(all.cx.items);
    free(all.cx.actions);
    return all.count;
}
