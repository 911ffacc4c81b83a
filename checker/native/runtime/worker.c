/* One thread of the search: expands the states of a task, and judges what comes out, in order. */
#include "search.h"
#include "memory.h"
#include <sched.h>
#include <stdlib.h>
#include <time.h>

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static void flush_alone(Context *cx);
static void flush_among_others(Context *cx);

/* --------------------------------------------------------------------------------------------- judging items */

static void halt(Worker *w, Finding finding) {
    Search *s = w->search;
    finding.count = 1;
    w->task->stop = finding;
    w->halted = 1;
    u32 last = __atomic_load_n(&s->last_task, __ATOMIC_RELAXED);
    while (w->number < last && !__atomic_compare_exchange_n(&s->last_task, &last, w->number, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
}

static Finding *found(Worker *w) {
    Task *task = w->task;
    if (task->found == NULL) task->found = calloc(w->search->properties + w->search->model->witnesses, sizeof(Finding));
    return task->found;
}

/* A property is violated: the end, or one more for the collection. */
static void violation(Worker *w, u32 place, Finding finding) {
    Search *s = w->search;
    if (!s->settings.check_all) {
        halt(w, finding);
        return;
    }
    Finding *all = found(w);
    if (all == NULL) return halt(w, (Finding){.kind = MEMORY});
    finding.count = all[place].count + 1;
    finding.order = ++w->findings;
    if (all[place].kind == 0) all[place] = finding;
    all[place].count = finding.count;
}

/* A violation in a state outside the boundaries: whether it is the first of that state is found out when folding. */
static void violation_outside(Worker *w, u32 place, Finding finding, u64 print) {
    Task *task = w->task;
    if (!w->search->settings.check_all) return halt(w, finding);
    if (task->beyonds == task->beyond_room) {
        const u32 room = 2 * task->beyond_room + 16;
        Beyond *more = realloc(task->beyond, room * sizeof *more);
        if (more == NULL) return halt(w, (Finding){.kind = MEMORY});
        task->beyond = more;
        task->beyond_room = room;
    }
    finding.order = ++w->findings;
    task->beyond[task->beyonds++] = (Beyond){finding, print, place};
}

static void check_error(Worker *w, const Item *item) {
    Context *cx = &w->cx;
    halt(w, (Finding){.kind = ERROR, .parent = item->parent, .ordinal = item->ordinal, .actions = item->action + 1u, .site = cx->site, .failed = cx->failed});
    cx->site = 0;
    cx->failed = NOBODY;
}

static void judge_state(Worker *w, const Item *item, const u64 *state) {
    Search *s = w->search;
    u64 bad = s->settings.invariants == 0 ? 0 : s->model->violated(&w->cx, state, s->settings.invariants, (int)s->settings.check_all);
    if (rarely(w->cx.site != 0)) return check_error(w, item);
    for (; rarely(bad != 0) && !w->halted; bad &= bad - 1) {
        const u32 which = (u32)lowest(bad);
        const Finding finding = {.kind = INVARIANT, .parent = item->parent, .ordinal = item->ordinal, .which = which, .actions = item->action + 1u};
        if (item->kind == OUTSIDE) violation_outside(w, which, finding, item->print); else violation(w, which, finding);
    }
}

static void judge_witnesses(Worker *w, const Item *item, const u64 *state) {
    Search *s = w->search;
    const u64 open = s->settings.witnesses & ~w->seen;
    if (open == 0) return;
    u64 now = s->model->reached(&w->cx, state, open, 1);
    if (rarely(w->cx.site != 0)) return check_error(w, item);
    for (; now != 0; now &= now - 1) {
        const u32 which = (u32)lowest(now);
        Finding *all = found(w);
        if (all == NULL) return halt(w, (Finding){.kind = MEMORY});
        all[s->properties + which] = (Finding){.count = 1, .kind = COMPLETE, .parent = item->parent, .ordinal = item->ordinal, .which = which, .actions = item->action + 1u};
        w->seen |= UINT64_C(1) << which;
    }
}

static void judge_new(Worker *w, const Item *item, const u64 *state) {
    Search *s = w->search;
    Task *task = w->task;
    if (w->index == s->settings.states && s->settings.states != 0) {
        return halt(w, (Finding){.kind = STATES, .parent = item->parent, .ordinal = item->ordinal, .actions = item->action + 1u});
    }
    w->index++;
    task->distinct++;
    if (item->parent != 0) task->actions[2 * item->action + 1]++;
    if (s->settings.symmetric) task->unreduced += s->model->orbit(state);
    if (!writer_add(&w->writer, state, w->index, item->parent, item->ordinal)) {
        return halt(w, (Finding){.kind = s->pool.failed ? DISK : MEMORY});
    }
    judge_state(w, item, state);
    if (!w->halted) judge_witnesses(w, item, state);
}

static void judge_steps(Worker *w, const Item *item) {
    for (u64 bad = item->steps; rarely(bad != 0) && !w->halted; bad &= bad - 1) {
        const u32 which = (u32)lowest(bad);
        violation(w, w->search->model->invariants + which,
                  (Finding){.kind = STEP, .parent = item->parent, .ordinal = item->ordinal, .which = which, .actions = item->action + 1u});
    }
}

static void judge_event(Worker *w, const Item *item) {
    const Finding at = {.parent = item->parent, .ordinal = NOBODY, .site = item->ordinal, .failed = item->steps};
    Finding finding = at;
    finding.kind = item->kind == STUCK ? DEADLOCK : ERROR;
    finding.actions = item->kind == BROKEN && item->steps < PROPERTY ? item->steps : UINT32_MAX;
    if (item->kind == STUCK) {
        violation(w, w->search->properties - 1, finding);
    } else {
        halt(w, finding);
    }
}

static void count_items(Task *task, const Item *items, u32 count) {
    task->generated += count;
    for (u32 i = 0; i < count; i++) task->actions[2 * items[i].action]++;
}

/* Judges items that are one action's steps from one state: counts all, then looks at the steps, then at the states. */
static void judge_group(Worker *w, Item *items, u32 count, const u64 *states, int insert) {
    Search *s = w->search;
    const unsigned words = s->model->words;
    if (items->kind == STUCK || items->kind == BROKEN) return judge_event(w, items);
    if (insert) count_items(w->task, items, count);
    for (u32 i = 0; i < count && !w->halted; i++) judge_steps(w, &items[i]);
    for (u32 i = 0; i < count && !w->halted; i++) {
        Item *item = &items[i];
        if (item->kind == OUTSIDE) {
            w->task->outside++;
            judge_state(w, item, states + (size_t)item->state * words);
            continue;
        }
        if (insert) item->fresh = (uint8_t)table_insert(&s->table, item->print);
        if (item->fresh) judge_new(w, item, states + (size_t)item->state * words);
    }
}

static int together(const Item *a, const Item *b) {
    return a->parent == b->parent && a->action == b->action && a->kind != STUCK && a->kind != BROKEN && b->kind != STUCK && b->kind != BROKEN;
}

/* The usual case, in one sweep: only plain successors. */
static void judge_plain(Worker *w, Item *items, u32 count, const u64 *states) {
    Search *s = w->search;
    const unsigned words = s->model->words;
    u32 *actions = w->task->actions, i = 0;
    for (; i < count; i++) {
        Item *item = &items[i];
        actions[2 * item->action]++;
        if (!table_insert(&s->table, item->print)) continue;
        judge_new(w, item, states + (size_t)item->state * words);
        if (rarely(w->halted)) break;
    }
    for (u32 last = i++; last < count && i < count && together(&items[last], &items[i]); i++) actions[2 * items[i].action]++;
    w->task->generated += i < count ? i : count;
}

static void judge(Worker *w, Item *items, u32 count, const u64 *states, int insert) {
    for (u32 first = 0, end; first < count && !w->halted; first = end) {
        for (end = first + 1; end < count && together(&items[first], &items[end]); end++) {}
        judge_group(w, items + first, end - first, states, insert);
    }
}

/* -------------------------------------------------------------------------------------------------- batches */

static void reset(Context *cx) {
    cx->count = cx->odd = 0;
    cx->next = cx->states;
}

static void see_table(Worker *w) {
    w->cx.slots = w->search->table.slots;
    w->cx.buckets = w->search->table.buckets;
}

static void flush_alone(Context *cx) {
    Worker *w = cx->owner;
    Search *s = w->search;
    if (!w->halted && table_room(&s->table) < cx->count) {
        if (!search_grow(s, cx->count)) halt(w, (Finding){.kind = MEMORY});
        see_table(w);
    }
    if (cx->odd != 0) judge(w, cx->items, cx->count, cx->states, 1);
    else if (!w->halted) judge_plain(w, cx->items, cx->count, cx->states);
    reset(cx);
}

static int keep_room(Worker *w, u32 items) {
    const unsigned words = w->search->model->words;
    if (w->kepts + items > w->kept_room) {
        const u32 room = 2 * w->kept_room + items;
        Item *more = realloc(w->kept, room * sizeof *more);
        if (more == NULL) return 0;
        w->kept = more;
        w->kept_room = room;
    }
    if (w->states + items > w->state_room) {
        const u32 room = 2 * w->state_room + items;
        u64 *more = realloc(w->kept_states, (size_t)room * words * sizeof *more);
        if (more == NULL) return 0;
        w->kept_states = more;
        w->state_room = room;
    }
    return 1;
}

static void begin_reading(Search *s) {
    for (;;) {
        __atomic_fetch_add(&s->readers, 1, __ATOMIC_SEQ_CST);
        if (!__atomic_load_n(&s->growing, __ATOMIC_SEQ_CST)) return;
        __atomic_fetch_sub(&s->readers, 1, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&s->growing, __ATOMIC_RELAXED)) sched_yield();
    }
}

/* While others may insert: counts all items, and keeps those for this thread's turn that may be new states. */
static void flush_among_others(Context *cx) {
    Worker *w = cx->owner;
    Search *s = w->search;
    const unsigned words = s->model->words;
    if (!w->halted && !keep_room(w, cx->count)) halt(w, (Finding){.kind = MEMORY});
    if (w->halted) return reset(cx);
    begin_reading(s);
    see_table(w);
    for (u32 i = 0; i < cx->count; i++) {
        const Item *item = &cx->items[i];
        const int event = item->kind == STUCK || item->kind == BROKEN;
        if (!event) count_items(w->task, item, 1);
        if (item->kind == INSIDE && item->steps == 0 && table_has(&s->table, item->print)) continue;
        Item *kept = &w->kept[w->kepts++];
        *kept = *item;
        kept->state = w->states;
        if (event) continue;
        copy(w->kept_states + (size_t)w->states++ * words, cx->states + (size_t)item->state * words, words);
    }
    __atomic_fetch_sub(&s->readers, 1, __ATOMIC_SEQ_CST);
    reset(cx);
}

static int over_for(const Worker *w) {
    const Search *s = w->search;
    return __atomic_load_n(&s->stop, __ATOMIC_RELAXED) || __atomic_load_n(&s->last_task, __ATOMIC_RELAXED) < w->number;
}

static int has_turn(const Worker *w) {
    return __atomic_load_n(&w->search->turn, __ATOMIC_SEQ_CST) == w->number;
}

/* Waits until all tasks before this one have inserted: briefly awake, then asleep. 0 when the search ends before. */
static int await_turn(Worker *w) {
    Search *s = w->search;
    for (unsigned spins = 0; spins < 300; spins++) {
        if (has_turn(w)) return 1;
        if (over_for(w)) return 0;
        relax();
    }
    pthread_mutex_lock(&s->waiting);
    __atomic_fetch_add(&s->sleepers, 1, __ATOMIC_SEQ_CST);
    while (!has_turn(w) && !over_for(w)) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 50000000; /* a stop is not announced: look again every 50 ms */
        if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
        pthread_cond_timedwait(&s->turned, &s->waiting, &until);
    }
    __atomic_fetch_sub(&s->sleepers, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&s->waiting);
    return has_turn(w);
}

static void pass_turn(Worker *w) {
    Search *s = w->search;
    __atomic_store_n(&s->turn, w->number + 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&s->sleepers, __ATOMIC_SEQ_CST) == 0) return;
    pthread_mutex_lock(&s->waiting);
    pthread_cond_broadcast(&s->turned);
    pthread_mutex_unlock(&s->waiting);
}

static int grow_among_others(Search *s, u64 more) {
    __atomic_store_n(&s->growing, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&s->readers, __ATOMIC_SEQ_CST) != 0) sched_yield();
    const int fine = search_grow(s, more);
    __atomic_store_n(&s->growing, 0, __ATOMIC_SEQ_CST);
    return fine;
}

/* Inserts what the task found, when it is its turn, then judges it while others go on. */
static void commit(Worker *w) {
    Search *s = w->search;
    if (!await_turn(w)) {
        w->halted = 1;
        return;
    }
    w->index = s->committed;
    int fine = table_room(&s->table) >= w->states || grow_among_others(s, w->states);
    for (u32 i = 0; fine && i < w->kepts; i++) {
        Item *item = &w->kept[i];
        if (item->kind != INSIDE) continue;
        item->fresh = (uint8_t)table_insert(&s->table, item->print);
        s->committed += item->fresh;
    }
    if (!fine) halt(w, (Finding){.kind = MEMORY});
    pass_turn(w);
    judge(w, w->kept, w->kepts, w->kept_states, 0);
}

/* ---------------------------------------------------------------------------------------------------- tasks */

static void flush_counting(Context *cx) {
    Worker *w = cx->owner;
    const Finding *stop = &w->task->stop;
    for (u32 i = 0; i < cx->count; i++) {
        const Item *item = &cx->items[i];
        if (item->kind == STUCK || item->kind == BROKEN) continue;
        if (item->parent < stop->parent || item->action < stop->actions) count_items(w->task, item, 1);
    }
    reset(cx);
}

static void expand(Worker *w, const u64 *state, u64 index);

/* Several threads count a task's steps as they generate them. Where a task stops, they are counted again, up to the
 * place where it stopped: so that these counts, too, are those of a single thread. */
static void recount(Worker *w) {
    Search *s = w->search;
    Task *task = w->task;
    if (task->stop.kind == MEMORY || task->stop.kind == DISK) return;
    task->generated = 0;
    for (u32 a = 0; a < s->actions; a++) task->actions[2 * a] = 0;
    w->cx.flush = flush_counting;
    reset(&w->cx);
    for (u32 b = task->first; b < task->last && s->level[b].first <= task->stop.parent; b++) {
        const uint8_t *data = block_data(&s->pool, &s->level[b], w->scratch);
        for (u32 i = 0; data != NULL && i < s->level[b].count && s->level[b].first + i <= task->stop.parent; i++) {
            data = unpack(data, w->state, s->model->words);
            expand(w, w->state, s->level[b].first + i);
        }
    }
    flush_counting(&w->cx);
    w->cx.flush = flush_among_others;
}

static void event(Context *cx, unsigned kind, u32 site, u32 failed) {
    Item *item = &cx->items[cx->count];
    *item = (Item){.parent = cx->parent, .ordinal = site, .steps = failed, .kind = (uint8_t)kind};
    cx->next += ((Worker *)cx->owner)->search->model->words;
    item->state = cx->count++;
    cx->odd++;
    settle(cx);
}

static void expand(Worker *w, const u64 *state, u64 index) {
    Context *cx = &w->cx;
    Search *s = w->search;
    cx->parent = index;
    cx->made = 0;
    cx->site = 0;
    cx->failed = NOBODY;
    s->model->expand(cx, state);
    if (cx->site == 0 && cx->made == 0 && s->settings.deadlock && !s->model->intended(cx, state, ~UINT64_C(0), 0) && cx->site == 0) {
        event(cx, STUCK, 0, 0);
    }
    if (rarely(cx->site != 0)) {
        while (cx->count > 0 && cx->items[cx->count - 1].parent == index && cx->items[cx->count - 1].action == cx->failed) {
            cx->count--; /* an action that cannot be evaluated takes no step at all */
            cx->next -= s->model->words;
        }
        event(cx, BROKEN, cx->site, cx->failed);
        cx->site = 0;
    }
}

static void expand_block(Worker *w, const Block *block) {
    Search *s = w->search;
    const uint8_t *data = block_data(&s->pool, block, w->scratch);
    if (data == NULL) return halt(w, (Finding){.kind = DISK});
    for (u32 i = 0; i < block->count && !w->halted; i++) {
        data = unpack(data, w->state, s->model->words);
        expand(w, w->state, block->first + i);
        /* Alone, a thread inserts as it goes, so it stops between tasks only; see worker_level. */
        if (s->threads > 1 && rarely(__atomic_load_n(&s->stop, __ATOMIC_RELAXED))) w->halted = 1;
    }
}

static void begin(Worker *w, u32 number) {
    w->number = number;
    w->task = &w->search->tasks[number];
    w->halted = 0;
    w->kepts = w->states = w->findings = 0;
    w->seen = w->search->reached;
    see_table(w);
}

static void finish(Worker *w) {
    Search *s = w->search;
    Context *cx = &w->cx;
    cx->flush(cx);
    if (s->threads > 1 && !w->halted) commit(w);
    if (s->threads > 1 && w->task->stop.kind != 0) recount(w);
    if (!writer_cut(&w->writer)) halt(w, (Finding){.kind = MEMORY});
    w->task->out = writer_take(&w->writer, &w->task->outs);
    w->task->done = !w->halted;
    if (s->threads == 1) s->committed = w->index;
    __atomic_fetch_add(&s->live_distinct, w->task->distinct, __ATOMIC_RELAXED);
    __atomic_fetch_add(&s->live_generated, w->task->generated, __ATOMIC_RELAXED);
}

void worker_level(Worker *w) {
    Search *s = w->search;
    w->cx.flush = s->threads > 1 ? flush_among_others : flush_alone;
    for (;;) {
        const u32 number = __atomic_fetch_add(&s->ticket, 1, __ATOMIC_RELAXED);
        if (number >= s->task_count || number > __atomic_load_n(&s->last_task, __ATOMIC_RELAXED)) return;
        if (__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) return;
        begin(w, number);
        if (s->threads == 1) w->index = s->committed;
        for (u32 b = w->task->first; b < w->task->last && !w->halted; b++) expand_block(w, &s->level[b]);
        finish(w);
        if (!w->halted) for (u32 b = w->task->first; b < w->task->last; b++) block_done(&s->pool, &s->level[b]);
    }
}

void worker_initial(Worker *w) {
    Search *s = w->search;
    w->cx.flush = flush_alone;
    begin(w, 0);
    w->index = 0;
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

enum { BATCH = 128, BATCH_BYTES = 48 << 10, GROUP = 256 };

void worker_open(Worker *w, Search *search) {
    memset(w, 0, sizeof *w);
    const unsigned words = search->model->words;
    const u32 fit = BATCH_BYTES / (words * (u32)sizeof(u64));
    Context *cx = &w->cx;
    w->search = search;
    cx->owner = w;
    cx->batch = fit > BATCH ? BATCH : fit < 8 ? 8 : fit;
    cx->capacity = cx->batch + GROUP;
    cx->states = calloc((size_t)cx->capacity * words, sizeof(u64));
    cx->items = calloc(cx->capacity, sizeof(Item));
    cx->steps = search->settings.steps;
    w->state = calloc(words, sizeof(u64));
    w->scratch = malloc(BLOCK_STATES * packed_most(words));
    writer_open(&w->writer, &search->pool);
    reset(cx);
}

void worker_close(Worker *w) {
    writer_close(&w->writer);
    free(w->cx.states);
    free(w->cx.items);
    free(w->state);
    free(w->scratch);
    free(w->kept);
    free(w->kept_states);
}
