/* Random walks: no memory of states, no end of a space; rare actions are preferred more and more.
 *
 * Every walk also favours some actions and neglects others by chance (a swarm): what needs an action not to happen for
 * a long time is met by the walks that neglect it.
 *
 * Walks are numbered, and each has random numbers of its own, from the seed and its number. They are taken in rounds:
 * within a round the weights of actions stay as they are, so what is found does not depend on the number of threads. */
#include "walk.h"
#include <pthread.h>
#include <stdlib.h>

enum { CHOICES = 64, ROUND = 256 };

typedef struct {
    Context cx;
    const Walks *walks;
    pthread_t thread;
    u64 random, steps;
    double total;       /* weight of all successors seen so far */
    u64 *state, *chosen;
    u32 ordinal, action, broken_at, broken; /* of the chosen successor; a step that breaks a step invariant */
    u32 seen;
    double *weights;    /* of actions in this walk */
    u64 *taken;         /* steps per action in this round */
    u32 *path;
    u64 recent;         /* always 0: walks meet states again */
    Walk found;
    Cover cover;
} Walker;

static u64 next_random(u64 *state) {
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return fold(*state, UINT64_C(0xd1342543de82ef95) ^ (*state >> 31));
}

static double unit(u64 *state) {
    return (double)(next_random(state) >> 11) * (1.0 / 9007199254740992.0);
}

/* Takes one of the successors in the batch with a probability in proportion to its action's weight. */
static void choose(Context *cx) {
    Walker *w = cx->owner;
    const unsigned words = w->walks->model->words;
    for (u32 i = 0; i < cx->count; i++) {
        const Item *item = &cx->items[i];
        const double weight = w->weights[item->action];
        if (item->steps != 0 && w->broken == 0) {
            w->broken = item->steps;
            w->broken_at = item->ordinal;
        }
        w->seen++;
        if (item->kind == OUTSIDE) continue;
        w->total += weight;
        if (unit(&w->random) * w->total >= weight) continue;
        copy(w->chosen, cx->states + (size_t)i * words, words);
        w->ordinal = item->ordinal;
        w->action = item->action;
    }
    cx->count = 0;
    cx->next = cx->states;
}

static int report(Walker *w, u64 number, u32 kind, u32 which, u32 length) {
    w->found = (Walk){.number = number, .kind = kind, .which = which, .length = length, .site = w->cx.site, .failed = w->cx.failed};
    return 0;
}

/* One step; 0 when the walk ends here, with or without a finding. */
static int go_on(Walker *w, u64 number, u32 length) {
    const Walks *all = w->walks;
    Context *cx = &w->cx;
    w->total = 0;
    w->seen = w->broken = 0;
    cx->made = cx->site = 0;
    cx->failed = NOBODY;
    if (length == 0) all->model->initial(cx); else all->model->expand(cx, w->state);
    choose(cx);
    if (cx->site != 0) return report(w, number, ERROR, 0, length);
    if (w->broken != 0) {
        w->path[length] = w->broken_at;
        return report(w, number, STEP, (u32)lowest(w->broken), length + 1);
    }
    if (w->total == 0) {
        const int stuck = w->seen == 0 && all->deadlock && length != 0 && !all->model->intended(cx, w->state, ~UINT64_C(0), 0);
        return stuck ? report(w, number, DEADLOCK, 0, length) : 0;
    }
    w->path[length] = w->ordinal;
    w->taken[w->action]++;
    w->steps++;
    copy(w->state, w->chosen, all->model->words);
    if (w->cover.mask != NULL) cover_add(&w->cover, w->state, 1);
    const u64 bad = all->invariants == 0 ? 0 : all->model->violated(cx, w->state, all->invariants, 0);
    if (cx->site != 0) return report(w, number, ERROR, 0, length + 1);
    if (bad != 0) return report(w, number, INVARIANT, (u32)lowest(bad), length + 1);
    return 1;
}

static void begin_walk(Walker *w, u64 number) {
    static const double favours[] = {1.0 / 64, 1.0 / 8, 1, 1, 8, 64};
    w->random = w->walks->seed ^ fold(number + 1, UINT64_C(0x9e3779b97f4a7c15));
    for (u32 a = 0; a < w->walks->actions; a++) w->weights[a] = w->walks->weights[a] * favours[next_random(&w->random) % 6];
}

static void *take_walks(void *given) {
    Walker *w = given;
    const Walks *all = w->walks;
    const u64 end = all->next + ROUND < all->walks ? all->next + ROUND : all->walks;
    for (u64 number = all->next + (u64)(w - (Walker *)all->walkers); number < end; number += all->workers) {
        if (__atomic_load_n(&all->stop, __ATOMIC_RELAXED)) break;
        begin_walk(w, number);
        for (u32 length = 0; length < all->depth && go_on(w, number, length); length++) {}
        if (w->found.kind != 0) break;
    }
    return NULL;
}

/* After a round: the first finding by number, and weights that favour what has been taken rarely. */
static void conclude(Walks *all) {
    Walker *walkers = all->walkers;
    for (u32 t = 0; t < all->workers; t++) {
        Walker *w = &walkers[t];
        all->steps += w->steps;
        w->steps = 0;
        cover_take(&all->cover, &w->cover);
        for (u32 a = 0; a < all->actions; a++) {
            all->taken[a] += w->taken[a];
            w->taken[a] = 0;
        }
        if (w->found.kind != 0 && (all->found.kind == 0 || w->found.number < all->found.number)) {
            all->found = w->found;
            memcpy(all->path, w->path, all->found.length * sizeof *all->path);
        }
    }
    double most = 1;
    for (u32 a = 0; a < all->actions; a++) most = (double)all->taken[a] > most ? (double)all->taken[a] : most;
    for (u32 a = 0; a < all->actions; a++) {
        const double share = (double)(all->taken[a] + 1) / most;
        all->weights[a] = share > 0.001 ? 1 / share : 1000;
    }
    all->next += ROUND;
}

void walks_run(Walks *all) {
    Walker *walkers = all->walkers;
    while (all->next < all->walks && all->found.kind == 0 && !__atomic_load_n(&all->stop, __ATOMIC_RELAXED)) {
        u32 started = 1;
        for (; started < all->workers; started++) {
            if (pthread_create(&walkers[started].thread, NULL, take_walks, &walkers[started]) != 0) break;
        }
        take_walks(&walkers[0]);
        for (u32 t = 1; t < started; t++) pthread_join(walkers[t].thread, NULL);
        for (u32 t = started; t < all->workers; t++) take_walks(&walkers[t]);
        conclude(all);
    }
}

/* ---------------------------------------------------------------------------------------------- life cycle */

Walks *walks_new(const Model *model, const Walks *wanted) {
    if (model->abi != ABI) return NULL;
    Walks *all = malloc(sizeof *all);
    *all = *wanted;
    all->model = model;
    all->workers = all->workers < 1 ? 1 : all->workers;
    all->actions = model->actions + model->initials;
    all->weights = malloc(all->actions * sizeof *all->weights);
    for (u32 a = 0; a < all->actions; a++) all->weights[a] = 1;
    all->taken = calloc(all->actions, sizeof *all->taken);
    all->path = calloc(all->depth + 1, sizeof *all->path);
    Walker *walkers = calloc(all->workers, sizeof *walkers);
    all->walkers = walkers;
    int fine = cover_open(&all->cover, all->view, model->words);
    for (u32 t = 0; t < all->workers; t++) {
        Walker *w = &walkers[t];
        w->walks = all;
        fine &= cover_open(&w->cover, all->view, model->words);
        w->cx = (Context){.batch = CHOICES, .capacity = CHOICES, .flush = choose, .owner = w, .steps = all->step_invariants};
        w->cx.states = w->cx.next = calloc((size_t)CHOICES * model->words, sizeof(u64));
        w->cx.items = calloc(CHOICES, sizeof(Item));
        w->cx.recent = &w->recent;
        w->cx.actions = calloc(2 * all->actions, sizeof(u32));
        w->state = calloc(model->words, sizeof(u64));
        w->chosen = calloc(model->words, sizeof(u64));
        w->weights = calloc(all->actions, sizeof *w->weights);
        w->taken = calloc(all->actions, sizeof *w->taken);
        w->path = calloc(all->depth + 1, sizeof *w->path);
    }
    if (!fine) {
        walks_free(all);
        return NULL;
    }
    return all;
}

void walks_stop(Walks *all) {
    __atomic_store_n(&all->stop, 1, __ATOMIC_RELAXED);
}

void walks_free(Walks *all) {
    Walker *walkers = all->walkers;
    for (u32 t = 0; t < all->workers; t++) {
        free(walkers[t].cx.states);
        free(walkers[t].cx.items);
        free(walkers[t].cx.actions);
        free(walkers[t].state);
        free(walkers[t].chosen);
        free(walkers[t].taken);
        free(walkers[t].weights);
        free(walkers[t].path);
        cover_close(&walkers[t].cover);
    }
    free(walkers);
    cover_close(&all->cover);
    free(all->weights);
    free(all->taken);
    free(all->path);
    free(all);
}
