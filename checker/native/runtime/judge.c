/* What becomes of the successors that a task has found, in order: counts, properties, the next level. */
#include "judge.h"
#include <stdlib.h>

void halt(Worker *w, Finding finding) {
    Search *s = w->search;
    finding.count = 1;
    w->task->stop = finding;
    w->halted = 1;
    u32 last = __atomic_load_n(&s->last_task, __ATOMIC_RELAXED);
    while (w->number < last && !__atomic_compare_exchange_n(&s->last_task, &last, w->number, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
}

static u64 parent_of(const Worker *w, const Item *item) {
    return w->base + item->parent;
}

void tear(Worker *w) {
    __atomic_store_n(&w->search->torn, 1, __ATOMIC_RELAXED);
    halt(w, (Finding){.kind = MEMORY});
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
    if (all == NULL) return tear(w);
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
        if (more == NULL) return tear(w);
        task->beyond = more;
        task->beyond_room = room;
    }
    finding.order = ++w->findings;
    task->beyond[task->beyonds++] = (Beyond){finding, print, place};
}

static void check_error(Worker *w, const Item *item) {
    Context *cx = &w->cx;
    halt(w, (Finding){.kind = ERROR, .parent = parent_of(w, item), .ordinal = item->ordinal, .actions = item->action + 1u, .site = cx->site, .failed = cx->failed});
    cx->site = 0;
    cx->failed = NOBODY;
}

/* The invariants that may be violated in a state: where the first violation ends the search, all hold in its parent. */
static u64 asked(const Search *s, const Item *item) {
    return s->settings.check_all ? s->settings.invariants : s->settings.invariants & s->model->affected[item->action];
}

static void judge_state(Worker *w, const Item *item, const u64 *state) {
    Search *s = w->search;
    const u64 wanted = asked(s, item);
    u64 bad = wanted == 0 ? 0 : s->model->violated(&w->cx, state, wanted, (int)s->settings.check_all);
    if (rarely(w->cx.site != 0)) return check_error(w, item);
    for (; rarely(bad != 0) && !w->halted; bad &= bad - 1) {
        const u32 which = (u32)lowest(bad);
        const Finding finding = {.kind = INVARIANT, .parent = parent_of(w, item), .ordinal = item->ordinal, .which = which, .actions = item->action + 1u};
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
        if (all == NULL) return tear(w);
        all[s->properties + which] = (Finding){.count = 1, .kind = COMPLETE, .parent = parent_of(w, item), .ordinal = item->ordinal, .which = which, .actions = item->action + 1u};
        w->seen |= UINT64_C(1) << which;
    }
}

static void judge_new(Worker *w, const Item *item, const u64 *state) {
    Search *s = w->search;
    if (w->index == s->settings.states && s->settings.states != 0) {
        return halt(w, (Finding){.kind = STATES, .parent = parent_of(w, item), .ordinal = item->ordinal, .actions = item->action + 1u});
    }
    w->index++;
    w->distinct++;
    if (item->parent != 0) w->cx.actions[2 * item->action + 1]++;
    if (s->settings.symmetric) w->unreduced += s->model->orbit(state);
    if (!writer_add(&w->writer, state, w->index, parent_of(w, item), item->ordinal)) return tear(w);
    judge_state(w, item, state);
    if (!w->halted) judge_witnesses(w, item, state);
}

static void judge_steps(Worker *w, const Item *item) {
    for (u64 bad = item->steps; rarely(bad != 0) && !w->halted; bad &= bad - 1) {
        const u32 which = (u32)lowest(bad);
        violation(w, w->search->model->invariants + which,
                  (Finding){.kind = STEP, .parent = parent_of(w, item), .ordinal = item->ordinal, .which = which, .actions = item->action + 1u});
    }
}

static void judge_event(Worker *w, const Item *item) {
    const Finding at = {.parent = parent_of(w, item), .ordinal = NOBODY, .site = item->ordinal, .failed = item->steps};
    Finding finding = at;
    finding.kind = item->kind == STUCK ? DEADLOCK : ERROR;
    finding.actions = item->kind == BROKEN && item->steps < PROPERTY ? item->steps : UINT32_MAX;
    if (item->kind == STUCK) {
        violation(w, w->search->properties - 1, finding);
    } else {
        halt(w, finding);
    }
}

/* Items that are one action's steps from one state: first the steps, then the states. */
static void judge_group(Worker *w, const u32 *places, u32 count) {
    const unsigned words = w->search->model->words;
    const Item *items = w->kept;
    if (items[places[0]].kind == STUCK || items[places[0]].kind == BROKEN) return judge_event(w, &items[places[0]]);
    for (u32 i = 0; i < count && !w->halted; i++) judge_steps(w, &items[places[i]]);
    for (u32 i = 0; i < count && !w->halted; i++) {
        const Item *item = &items[places[i]];
        const u64 *state = w->kept_states + (size_t)places[i] * words;
        if (item->kind == OUTSIDE) {
            w->outside++;
            judge_state(w, item, state);
        } else if (item->fresh) {
            judge_new(w, item, state);
        }
    }
}

static int together(const Item *a, const Item *b) {
    return a->parent == b->parent && a->action == b->action && a->kind != STUCK && a->kind != BROKEN && b->kind != STUCK && b->kind != BROKEN;
}

void judge(Worker *w) {
    const u32 *places = w->worth;
    for (u32 first = 0, end; first < w->worths && !w->halted; first = end) {
        for (end = first + 1; end < w->worths && together(&w->kept[places[first]], &w->kept[places[end]]); end++) {}
        judge_group(w, places + first, end - first);
    }
}
