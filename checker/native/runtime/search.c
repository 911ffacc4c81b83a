/* The search as a whole: levels, tasks, sums, limits. */
#include "search.h"
#include "memory.h"
#include <stdlib.h>

enum { TASK_STATES = 2048, TASK_BYTES = 512 << 10 };

/* --------------------------------------------------------------------------------------------------- memory */

int search_may_grow(const Search *s, u64 more) {
    const u64 buckets = table_buckets_for(&s->table, s->table.used + more);
    const u64 after = pages_held() - table_bytes(s->table.buckets) + table_bytes(buckets);
    return s->settings.memory == 0 || after <= s->settings.memory;
}

/* Chunks go to disk while the next growth of the table would not fit beside them. */
static void plan_memory(Search *s) {
    if (s->settings.memory == 0) return;
    const u64 growth = table_bytes(table_buckets_for(&s->table, s->table.used + table_room(&s->table) + 1)) - table_bytes(s->table.buckets);
    s->pool.limit = s->settings.memory > growth ? s->settings.memory - growth : 1;
}

/* ---------------------------------------------------------------------------------------------------- folding */

static int remember_entry(Search *s, Entry entry) {
    if (s->entry_count == s->entry_room) {
        const u64 room = s->entry_room ? 2 * s->entry_room : 1024;
        Entry *more = realloc(s->entries, room * sizeof *more);
        if (more == NULL) return 0;
        s->entries = more;
        s->entry_room = room;
    }
    s->entries[s->entry_count++] = entry;
    return 1;
}

static int remember(Search *s, const Block *block) {
    return remember_entry(s, (Entry){block->first, block->journal, block->count, block->journal_bytes});
}

int search_adopt_entry(Search *s, Entry entry, const uint8_t *journal) {
    entry.journal = pool_journal(&s->pool, journal, entry.bytes);
    return entry.journal != NULL && remember_entry(s, entry);
}

static void fold_findings(Search *s, Task *task, u64 last) {
    for (u32 i = 0; i < s->properties; i++) {
        Finding *sum = &s->found[i];
        const u64 count = sum->count + task->found[i].count;
        if (sum->kind == 0 && task->found[i].kind != 0) {
            *sum = task->found[i];
            sum->order += last;
        }
        sum->count = count;
    }
    for (u32 i = 0; i < s->model->witnesses; i++) {
        const u32 place = s->properties + i;
        if (task->found[place].kind == 0 || s->found[place].kind != 0) continue;
        s->found[place] = task->found[place];
        s->reached |= UINT64_C(1) << i;
    }
}

static u64 last_order(const Search *s) {
    u64 last = 0;
    for (u32 i = 0; i < s->properties; i++) last = s->found[i].order > last ? s->found[i].order : last;
    return last;
}

static void fold_beyond(Search *s, Task *task, u64 last) {
    if (s->beyond.slots == NULL && !table_open(&s->beyond, 1)) s->stop = MEMORY;
    for (u32 i = 0; i < task->beyonds && !s->stop; i++) {
        const Beyond *one = &task->beyond[i];
        if (!table_reserve(&s->beyond, s->beyond.used + 1)) s->stop = MEMORY;
        else if (table_insert(&s->beyond, blend(one->print, one->place) | 1)) {
            s->beyond.used++;
            Finding *sum = &s->found[one->place];
            const u64 count = sum->count + 1;
            if (sum->kind == 0 || sum->order > one->finding.order + last) {
                *sum = one->finding;
                sum->order += last;
            }
            sum->count = count;
        }
    }
}

static int keep_next(Search *s, const Block *block) {
    if (s->nexts == s->next_room) {
        const u32 room = s->next_room ? 2 * s->next_room : 256;
        Block *more = realloc(s->next, room * sizeof *more);
        if (more == NULL) return 0;
        s->next = more;
        s->next_room = room;
    }
    s->next[s->nexts++] = *block;
    return 1;
}

static void fold_task(Search *s, Task *task) {
    for (u32 b = task->first; b < task->last; b++) s->expanded += s->level[b].count;
    s->kept += task->kept;
    s->generated += task->generated;
    s->distinct += task->distinct;
    s->outside += task->outside;
    s->unreduced += task->unreduced;
    for (u32 a = 0; a < 2 * s->actions; a++) s->totals[a] += task->actions[a];
    const u64 last = last_order(s);
    if (task->found != NULL) fold_findings(s, task, last);
    if (task->beyond != NULL) fold_beyond(s, task, last);
    for (u32 b = 0; b < task->outs; b++) {
        if (!remember(s, &task->out[b]) || !keep_next(s, &task->out[b])) {
            s->torn = 1;
            s->stop = MEMORY;
        }
    }
    if (task->distinct > 0 && !s->deeper) {
        s->deeper = 1;
        s->depth++;
    }
}

static void free_tasks(Search *s) {
    for (u32 t = 0; t < s->task_count; t++) {
        free(s->tasks[t].out);
        free(s->tasks[t].actions);
        free(s->tasks[t].found);
        free(s->tasks[t].beyond);
    }
    free(s->tasks);
    s->tasks = NULL;
    s->task_count = 0;
}

static u64 states_of(const Block *blocks, u32 count) {
    u64 states = 0;
    for (u32 b = 0; b < count; b++) states += blocks[b].count;
    return states;
}

u64 search_waiting(const Search *s) {
    return states_of(s->level, s->blocks) + states_of(s->next, s->nexts);
}

int ends_within(const Search *s, u32 kind) {
    return s->torn || (kind != RUNNING && kind != MEMORY && kind != DISK);
}

/* Tasks end in order, so what is not expanded is the end of the level. */
void search_fold(Search *s) {
    u32 first = 0;
    for (u32 t = 0; t < s->task_count && s->stopped.kind == 0; t++) {
        Task *task = &s->tasks[t];
        s->stopped = task->stop;
        if (!task->done && !ends_within(s, task->stop.kind)) break;
        fold_task(s, task);
        first = task->last;
    }
    free_tasks(s);
    s->blocks -= first;
    if (first > 0) memmove(s->level, s->level + first, s->blocks * sizeof *s->level);
    s->frontier = search_waiting(s);
    s->live_distinct = s->distinct;
    s->live_generated = s->generated;
    s->committed = s->distinct;
}

/* The level is expanded: what it found is the next one. */
static void turn_level(Search *s) {
    Block *old = s->level;
    s->level = s->next;
    s->blocks = s->nexts;
    free(old);
    s->next = NULL;
    s->nexts = s->next_room = 0;
    s->deeper = 0;
    pool_turn(&s->pool);
}

/* ------------------------------------------------------------------------------------------------------ levels */

/* So many that what they keep should stay in a core's own cache. */
static u64 task_states(const Search *s) {
    const u64 bytes = sizeof(Item) + s->model->words * sizeof(u64);
    const u64 fit = TASK_BYTES * (s->expanded + 1) / (bytes * (s->kept + 1));
    return fit > TASK_STATES ? TASK_STATES : fit < BLOCK_STATES ? BLOCK_STATES : fit;
}

static int make_tasks(Search *s) {
    s->tasks = calloc(s->blocks + 1, sizeof *s->tasks);
    if (s->tasks == NULL) return 0;
    const u64 most = task_states(s);
    u64 states = 0;
    for (u32 b = 0; b < s->blocks; b++) {
        if (b == 0 || states + s->level[b].count > most) {
            Task *task = &s->tasks[s->task_count++];
            task->first = b;
            task->actions = calloc(2 * s->actions, sizeof *task->actions);
            if (task->actions == NULL) return 0;
            states = 0;
        }
        s->tasks[s->task_count - 1].last = b + 1;
        states += s->level[b].count;
    }
    return 1;
}

static void *thread_main(void *worker) {
    worker_level(worker);
    return NULL;
}

static void run_level(Search *s) {
    pthread_t threads[256];
    s->ticket = s->turn = 0;
    s->last_task = UINT32_MAX;
    const u32 useful = s->task_count < s->settings.workers ? s->task_count : s->settings.workers;
    u32 started = 0;
    for (u32 t = 1; t < useful; t++) {
        if (pthread_create(&threads[started], NULL, thread_main, &s->workers[t]) != 0) break;
        started++;
    }
    worker_level(&s->workers[0]);
    for (u32 t = 0; t < started; t++) pthread_join(threads[t], NULL);
}

static int end_of(Search *s) {
    if (s->stopped.kind != 0) return (int)s->stopped.kind;
    if (pool_failed(&s->pool)) return DISK;
    if (s->stop) return s->stop;
    if (s->blocks == 0) turn_level(s);
    return s->blocks == 0 ? COMPLETE : RUNNING;
}

/* Expands what is left of the level. Says whether to go on. */
static int step(Search *s) {
    if (s->settings.depth != 0 && s->depth - (u64)s->deeper >= s->settings.depth) return DEPTH;
    if (!make_tasks(s)) return MEMORY;
    plan_memory(s);
    run_level(s);
    search_fold(s);
    return end_of(s);
}

static void first_level(Search *s) {
    s->ticket = s->turn = 0;
    s->last_task = UINT32_MAX;
    s->tasks = calloc(1, sizeof *s->tasks);
    s->task_count = 1;
    s->tasks[0].actions = calloc(2 * s->actions, sizeof(u32));
    worker_initial(&s->workers[0]);
    search_fold(s);
}

int search_run(Search *s) {
    if (s->reason == PAUSED) {
        s->stop = 0;
        s->reason = RUNNING;
    }
    if (s->reason == RUNNING && s->distinct == 0) {
        first_level(s);
        s->reason = end_of(s);
    }
    if (s->reason == RUNNING && s->blocks == 0) turn_level(s); /* it was stopped between two levels */
    while (s->reason == RUNNING) s->reason = step(s);
    s->error = s->pool.failed;
    return s->reason;
}

void search_stop(Search *s, int reason) {
    __atomic_store_n(&s->stop, reason, __ATOMIC_RELAXED);
}

void search_use(Search *s, const Model *model) {
    s->model = model;
}

/* -------------------------------------------------------------------------------------------------- life cycle */

void search_free(Search *s) {
    for (u32 w = 0; s->workers != NULL && w < s->settings.workers; w++) worker_close(&s->workers[w]);
    free_tasks(s);
    free(s->level);
    free(s->next);
    free(s->workers);
    free(s->totals);
    free(s->found);
    free(s->entries);
    pool_close(&s->pool);
    table_close(&s->table);
    table_close(&s->beyond);
    exact_close(&s->exact);
    free(s);
}

Search *search_new(const Model *model, const Settings *settings) {
    if (model->abi != ABI) return NULL;
    Search *s = lines_take(sizeof *s);
    if (s == NULL) return NULL;
    s->model = model;
    s->settings = *settings;
    if (s->settings.workers < 1) s->settings.workers = 1;
    if (s->settings.workers > 256) s->settings.workers = 256;
    s->actions = model->actions + model->initials;
    s->properties = model->invariants + model->steps + 1;
    s->totals = calloc(2 * s->actions, sizeof(u64));
    s->found = calloc(s->properties + model->witnesses, sizeof(Finding));
    s->workers = lines_take(s->settings.workers * sizeof(Worker));
    exact_open(&s->exact, model->identity);
    pool_open(&s->pool, model->words, 0, settings->folder);
    pthread_mutex_init(&s->waiting, NULL);
    pthread_cond_init(&s->turned, NULL);
    int fine = table_open(&s->table, 1) && s->workers != NULL && s->totals != NULL && s->found != NULL;
    for (u32 w = 0; fine && w < s->settings.workers; w++) fine = worker_open(&s->workers[w], s);
    if (fine) return s;
    search_free(s);
    return NULL;
}
