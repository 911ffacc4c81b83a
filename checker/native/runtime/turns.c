#include "turns.h"
#include <sched.h>
#include <time.h>

enum { NO, SOON, NOW }; /* whether the table is growing */

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* -------------------------------------------------------------------------------------------------- growing */

static void move_parts(Search *s) {
    const u64 parts = table_parts(&s->table);
    for (u64 part; (part = __atomic_fetch_add(&s->part, 1, __ATOMIC_ACQ_REL)) < parts;) {
        table_move(&s->larger, &s->table, part);
        __atomic_fetch_add(&s->moved, 1, __ATOMIC_ACQ_REL);
    }
}

/* Every thread says that it is busy with the table before it looks whether the table is growing: so either it sees
 * that, or the thread that wants to grow sees it and waits. */
void begin_reading(Worker *w) {
    Search *s = w->search;
    for (;;) {
        __atomic_store_n(&w->busy, 1, __ATOMIC_SEQ_CST);
        const u32 growing = __atomic_load_n(&s->growing, __ATOMIC_SEQ_CST);
        if (growing == NO) return;
        if (growing == NOW) move_parts(s);
        end_reading(w);
        sched_yield();
    }
}

void end_reading(Worker *w) {
    __atomic_store_n(&w->busy, 0, __ATOMIC_RELEASE);
}

int grow(Worker *w, u64 more) {
    Search *s = w->search;
    __atomic_store_n(&s->growing, SOON, __ATOMIC_SEQ_CST);
    for (u32 t = 0; t < s->settings.workers; t++) {
        while (__atomic_load_n(&s->workers[t].busy, __ATOMIC_SEQ_CST)) sched_yield();
    }
    const int fine = search_may_grow(s, more) && table_begin(&s->larger, &s->table, s->table.used + more);
    if (fine) {
        s->part = s->moved = 0;
        __atomic_store_n(&s->growing, NOW, __ATOMIC_SEQ_CST);
        move_parts(s);
        while (__atomic_load_n(&s->moved, __ATOMIC_ACQUIRE) < table_parts(&s->table)) sched_yield();
        table_end(&s->larger, &s->table);
    }
    __atomic_store_n(&s->growing, NO, __ATOMIC_SEQ_CST);
    return fine;
}

/* ---------------------------------------------------------------------------------------------------- turns */

static int over_for(const Worker *w) {
    const Search *s = w->search;
    return __atomic_load_n(&s->stop, __ATOMIC_RELAXED) || __atomic_load_n(&s->last_task, __ATOMIC_RELAXED) < w->number;
}

static int has_turn(const Worker *w) {
    return __atomic_load_n(&w->search->turn, __ATOMIC_SEQ_CST) == w->number;
}

static void help_growing(Worker *w) {
    if (__atomic_load_n(&w->search->growing, __ATOMIC_RELAXED) == NO) return;
    begin_reading(w);
    end_reading(w);
}

/* Briefly awake, then asleep. */
int await_turn(Worker *w) {
    Search *s = w->search;
    for (unsigned spins = 0; spins < 300; spins++) {
        if (has_turn(w)) return 1;
        if (over_for(w)) return 0;
        help_growing(w);
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

void pass_turn(Worker *w, int on) {
    Search *s = w->search;
    if (on) __atomic_store_n(&s->turn, w->number + 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&s->sleepers, __ATOMIC_SEQ_CST) == 0) return;
    pthread_mutex_lock(&s->waiting);
    pthread_cond_broadcast(&s->turned);
    pthread_mutex_unlock(&s->waiting);
}
