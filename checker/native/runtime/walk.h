/* Random walks through a model's states: see walk.c. */
#ifndef QUORATE_WALK_H
#define QUORATE_WALK_H

#include "cover.h"
#include "search.h"

/* What a walk found at its end. */
typedef struct {
    u64 number;         /* of the walk */
    u32 kind, which;    /* INVARIANT, STEP, DEADLOCK, ERROR and the bit of the property; 0: nothing was found */
    u32 length;         /* steps, the initial one included */
    u32 site, failed;
} Walk;

typedef struct {
    u64 walks, seed;    /* how many at most; where random numbers come from */
    u64 invariants, step_invariants; /* those wanted, as bits */
    u32 depth, workers; /* steps per walk at most; threads */
    u32 deadlock;
    int stop;
    const u64 *view;    /* the bits of a state that make its abstract state; NULL: none is asked for */
    /* From here on the runtime's own. */
    u64 next, steps;    /* the first walk of the next round; steps taken in all */
    Walk found;
    u32 actions;
    double *weights;
    u64 *taken;         /* steps per action */
    u32 *path;          /* the ordinals of the steps of what was found */
    void *walkers;
    const Model *model;
    Cover cover;        /* how often walks were in which abstract state */
} Walks;

Walks *walks_new(const Model *model, const Walks *wanted);
void walks_run(Walks *walks); /* blocks until something is found, or all walks are taken, or it is stopped */
void walks_stop(Walks *walks);
void walks_free(Walks *walks);

#endif
