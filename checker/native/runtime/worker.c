/* One thread of the search: expands the states of a task, and keeps what may be new until it is the task's turn. */
#include "judge.h"
#include "memory.h"
#include "turns.h"
#include <stdlib.h>

/* -------------------------------------------------------------------------------------------------- batches */

/* The next batch goes right behind what is kept. */
static void reset(Context *cx) {
    Worker *w = cx->owner;
    cx->count = 0;
    cx->items = w->kept + w->kepts;
    cx->states = cx->next = w->kept_states + (size_t)w->kepts * w->search->model->words;
}

/* Room for a whole batch behind what is kept. */
static int keep_room(Worker *w) {
    const size_t need = (size_t)w->kepts + w->cx.capacity, bytes = w->search->model->words * sizeof(u64);
    if (need <= w->kept_room) return 1;
    const size_t room = 2 * need;
    Item *items = lines_take(room * sizeof *items);
    u64 *states = lines_take(room * bytes);
    u32 *worth = lines_take(room * sizeof *worth);
    if (items == NULL || states == NULL || worth == NULL || room > UINT32_MAX) {
        free(items);
        free(states);
        free(worth);
        return 0;
    }
    if (w->kepts > 0) memcpy(items, w->kept, w->kepts * sizeof *items);
    if (w->kepts > 0) memcpy(states, w->kept_states, w->kepts * bytes);
    free(w->kept);
    free(w->kept_states);
    free(w->worth);
    w->kept = items;
    w->kept_states = states;
    w->worth = worth;
    w->kept_room = (u32)room;
    return 1;
}

/* Leaves out of a batch what is in the table by now, so that the turns are short. */
static u32 sift(Worker *w, Item *items, u32 count, u64 *states) {
    const Table *table = &w->search->table;
    const unsigned words = w->search->model->words;
    u32 left = 0;
    begin_reading(w);
    for (u32 i = 0; i < count; i++) __builtin_prefetch(table_line(table, items[i].print));
    for (u32 i = 0; i < count; i++) {
        const Item *item = &items[i];
        if (item->kind == INSIDE && item->steps == 0 && table_has(table, item->print)) continue;
        if (left < i) {
            items[left] = *item;
            copy(states + (size_t)left * words, states + (size_t)i * words, words);
        }
        left++;
    }
    end_reading(w);
    return left;
}

/* Takes a batch. Few threads rather look at the table once, in longer turns, than twice. */
static void keep(Context *cx) {
    enum { FEW = 2 };
    Worker *w = cx->owner;
    const int few = w->search->settings.workers <= FEW || w->search->settings.exact;
    if (!w->halted) w->kepts += few ? cx->count : sift(w, cx->items, cx->count, cx->states);
    if (!keep_room(w) && !w->halted) halt(w, (Finding){.kind = MEMORY});
    if (w->halted) w->kepts = 0;
    reset(cx);
}

/* ---------------------------------------------------------------------------------------------------- turns */

static u32 is_worth(const Item *item) {
    return (item->fresh | item->kind | item->steps) != 0;
}

static void insert_all(Worker *w) {
    enum { AHEAD = 24 };
    Search *s = w->search;
    const Table *table = &s->table;
    u64 fresh = 0;
    u32 worths = 0;
    for (u32 i = 0; i < w->kepts; i++) {
        Item *item = &w->kept[i];
        __builtin_prefetch(table_line(table, item[AHEAD].print)); /* behind the last ones there is room for a batch */
        if (item->kind == INSIDE) fresh += item->fresh = (uint8_t)table_insert(table, item->print);
        w->worth[worths] = i;
        worths += is_worth(item);
    }
    w->worths = worths;
    s->table.used += fresh;
    s->committed += fresh;
}

/* The same, comparing states in full: the state's key is its words without dead values. */
static void insert_exactly(Worker *w) {
    Search *s = w->search;
    const unsigned words = s->model->words;
    w->worths = 0;
    for (u32 i = 0; i < w->kepts; i++) {
        Item *item = &w->kept[i];
        const u64 *key = w->kept_states + (size_t)i * words;
        if (s->model->mask != NULL) {
            copy(w->state, key, words);
            s->model->mask(w->state);
            key = w->state;
        }
        if (item->kind == INSIDE) s->committed += item->fresh = (uint8_t)exact_insert(&s->exact, item->print, key);
        if (is_worth(item)) w->worth[w->worths++] = i;
    }
}

/* Whether there is room for all that a task has kept. */
static int has_room(Worker *w) {
    Search *s = w->search;
    if (s->settings.exact) return exact_reserve(&s->exact, w->kepts, s->settings.memory);
    return table_room(&s->table) >= w->kepts || grow(w, w->kepts);
}

/* Inserts what the task found when it is its turn, then judges it while others go on. Either the whole task is taken
 * or, when there is no room, nothing of it. */
static void commit(Worker *w) {
    Search *s = w->search;
    if (!await_turn(w)) {
        w->halted = 1;
        return;
    }
    w->index = s->committed;
    if (!has_room(w)) {
        halt(w, (Finding){.kind = MEMORY});
        pass_turn(w, 0);
        return;
    }
    if (s->settings.exact) insert_exactly(w); else insert_all(w);
    pass_turn(w, 1);
    judge(w);
}

/* ---------------------------------------------------------------------------------------------------- tasks */

static void event(Context *cx, unsigned kind, u32 site, u32 failed) {
    Item *item = &cx->items[cx->count];
    *item = (Item){.parent = cx->parent, .ordinal = site, .steps = failed, .kind = (uint8_t)kind};
    cx->next += ((Worker *)cx->owner)->search->model->words;
    cx->count++;
    settle(cx);
}

static int of_step(const Item *item, u32 parent, u32 action) {
    return item->parent == parent && item->action == action;
}

/* An action that cannot be evaluated takes no step at all. */
static void withdraw(Worker *w, u32 parent, u32 action) {
    Context *cx = &w->cx;
    for (; cx->count > 0 && of_step(&cx->items[cx->count - 1], parent, action); cx->count--) cx->next -= w->search->model->words;
    if (cx->count > 0) return;
    while (w->kepts > 0 && of_step(&w->kept[w->kepts - 1], parent, action)) w->kepts--;
    reset(cx);
}

static void expand(Worker *w, const u64 *state, u64 index) {
    Context *cx = &w->cx;
    Search *s = w->search;
    cx->parent = (u32)(index - w->base);
    cx->made = 0;
    cx->site = 0;
    cx->failed = NOBODY;
    s->model->expand(cx, state);
    if (cx->site == 0 && cx->made == 0 && s->settings.deadlock && !s->model->intended(cx, state, ~UINT64_C(0), 0) && cx->site == 0) {
        event(cx, STUCK, 0, 0);
    }
    if (rarely(cx->site != 0)) {
        withdraw(w, cx->parent, cx->failed);
        event(cx, BROKEN, cx->site, cx->failed);
        cx->site = 0;
    }
}

static int expand_block(Worker *w, const Block *block, u64 last) {
    Search *s = w->search;
    const uint8_t *data = block_data(&s->pool, block, w->scratch);
    if (data == NULL) return 0;
    for (u32 i = 0; i < block->count && block->first + i <= last && !w->halted; i++) {
        data = unpack(data, w->state, s->model->words);
        if (block->first + i == last) memcpy(w->before, w->cx.actions, 2 * s->actions * sizeof *w->before);
        expand(w, w->state, block->first + i);
        if (rarely(__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) && last == UINT64_MAX) w->halted = 1;
    }
    return 1;
}

/* Steps are counted as they are generated. Where a search ends in a task, they are counted again up to the place where
 * it ends: so that these counts are the same however the level was cut. */
static void recount(Worker *w) {
    Search *s = w->search;
    Context *cx = &w->cx;
    const Finding *stop = &w->task->stop;
    w->halted = 0;
    memset(w->before, 0, 2 * s->actions * sizeof *w->before);
    w->kepts = 0;
    reset(cx);
    cx->flush = reset;
    if (stop->parent != 0) {
        for (u32 a = 0; a < s->actions; a++) cx->actions[2 * a] = 0;
        for (u32 b = w->task->first; b < w->task->last && s->level[b].first <= stop->parent; b++) {
            expand_block(w, &s->level[b], stop->parent);
        }
    }
    for (u32 a = stop->actions; a < s->actions; a++) cx->actions[2 * a] = w->before[2 * a];
    reset(cx);
    cx->flush = keep;
    w->halted = 1;
}

static void begin(Worker *w, u32 number) {
    w->number = number;
    w->task = &w->search->tasks[number];
    w->base = w->search->blocks > 0 ? w->search->level[w->task->first].first - 1 : 0;
    w->halted = 0;
    w->kepts = w->worths = w->findings = 0;
    reset(&w->cx);
    w->distinct = w->outside = w->unreduced = 0;
    w->seen = w->search->reached;
    memset(w->cx.actions, 0, 2 * w->search->actions * sizeof *w->cx.actions);
}

static void hand_in(Worker *w) {
    Search *s = w->search;
    Task *task = w->task;
    task->distinct = w->distinct;
    task->outside = w->outside;
    task->unreduced = w->unreduced;
    for (u32 a = 0; a < s->actions; a++) task->generated += w->cx.actions[2 * a];
    memcpy(task->actions, w->cx.actions, 2 * s->actions * sizeof *task->actions);
    if (!writer_cut(&w->writer)) tear(w);
    task->out = writer_take(&w->writer, &task->outs);
    task->kept = w->kepts;
    task->done = !w->halted;
    if (!task->done && task->stop.kind == 0) return;
    __atomic_fetch_add(&s->live_distinct, task->distinct, __ATOMIC_RELAXED);
    __atomic_fetch_add(&s->live_generated, task->generated, __ATOMIC_RELAXED);
}

static void finish(Worker *w) {
    w->cx.flush(&w->cx);
    if (!w->halted) commit(w);
    if (rarely(ends_within(w->search, w->task->stop.kind))) recount(w);
    hand_in(w);
}

/* Before a level: what was kept last may never have been inserted. */
static void start(Worker *w) {
    memset(w->cx.recent, 0, (w->cx.recents + 1) * sizeof *w->cx.recent);
}

void worker_level(Worker *w) {
    Search *s = w->search;
    start(w);
    for (;;) {
        const u32 number = __atomic_fetch_add(&s->ticket, 1, __ATOMIC_RELAXED);
        if (number >= s->task_count || number > __atomic_load_n(&s->last_task, __ATOMIC_RELAXED)) return;
        if (__atomic_load_n(&s->stop, __ATOMIC_RELAXED) || pool_failed(&s->pool)) return;
        begin(w, number);
        for (u32 b = w->task->first; b < w->task->last && !w->halted; b++) {
            if (!expand_block(w, &s->level[b], UINT64_MAX)) halt(w, (Finding){.kind = DISK});
        }
        finish(w);
        if (!w->halted) for (u32 b = w->task->first; b < w->task->last; b++) block_done(&s->pool, &s->level[b]);
    }
}

void worker_initial(Worker *w) {
    Search *s = w->search;
    start(w);
    begin(w, 0);
    w->cx.made = w->cx.site = 0;
    w->cx.failed = NOBODY;
    w->cx.parent = 0;
    s->model->initial(&w->cx);
    if (w->cx.site != 0) {
        event(&w->cx, BROKEN, w->cx.site, w->cx.failed);
        w->cx.site = 0;
    }
    finish(w);
}

/* ------------------------------------------------------------------------------------------------ life cycle */

enum { BATCH = 128, BATCH_BYTES = 48 << 10, GROUP = 256, RECENT = 1 << 12 };

int worker_open(Worker *w, Search *search) {
    const unsigned words = search->model->words;
    const u32 fit = BATCH_BYTES / (words * (u32)sizeof(u64));
    Context *cx = &w->cx;
    w->search = search;
    cx->owner = w;
    cx->batch = fit > BATCH ? BATCH : fit < 8 ? 8 : fit;
    cx->capacity = cx->batch + GROUP;
    cx->recent = lines_take(RECENT * sizeof *cx->recent);
    cx->recents = RECENT - 1;
    cx->remember = search->settings.exact ? 0 : UINT64_MAX;
    cx->actions = lines_take(2 * search->actions * sizeof *cx->actions);
    cx->steps = search->settings.steps;
    cx->flush = keep;
    w->before = lines_take(2 * search->actions * sizeof *w->before);
    w->state = lines_take(words * sizeof(u64));
    w->scratch = lines_take(BLOCK_STATES * packed_most(words));
    writer_open(&w->writer, &search->pool);
    if (!keep_room(w)) return 0;
    reset(cx);
    return cx->recent && cx->actions && w->before && w->state && w->scratch;
}

void worker_close(Worker *w) {
    writer_close(&w->writer);
    free(w->cx.recent);
    free(w->cx.actions);
    free(w->before);
    free(w->state);
    free(w->scratch);
    free(w->kept);
    free(w->kept_states);
    free(w->worth);
}
