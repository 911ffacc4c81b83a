/* The contract between a generated model and the runtime: how successors are handed over, what may be asked.
 * A state is an array of words; its first `identity` words decide which states are the same. */
#ifndef QUORATE_MODEL_H
#define QUORATE_MODEL_H

#include "values.h"
#include <stddef.h>

#define ABI 1
#define NOBODY UINT32_MAX
#define PROPERTY 65536u /* Context.failed: an action's number, or this plus a property's */

enum { DONE, ABANDONED, STOPPED };                    /* what became of an action instance */
enum { INSIDE, OUTSIDE, STUCK, BROKEN};              /* what an item is: see Item.kind */

/* One generated successor, or (STUCK, BROKEN) an event in its place. */
typedef struct {
    u64 print;     /* fingerprint of the identity; never 0 */
    u64 parent;    /* index of the state it comes from, from 1; 0 for an initial state */
    u32 ordinal;   /* its place among the successors of its parent, from 0 */
    u32 steps;     /* step invariants that this step breaks, as bits */
    u32 state;     /* which state of the batch */
    uint16_t action;
    uint8_t kind;  /* INSIDE the boundaries, or one of the others above */
    uint8_t fresh; /* found to be a new state */
} Item;

typedef struct Context Context;
struct Context {
    u64 *next;             /* where the next successor is written */
    u64 *states;           /* the batch: `count` items, each with its state */
    Item *items;
    u32 count, batch, capacity; /* taken at `batch`, between actions; at `capacity` in any case */
    u32 odd;               /* items of the batch that are not plain successors: outside, breaking, events */
    u32 made;              /* successors of the state at hand */
    u32 site;              /* the run-time check that failed, from 1; else 0 */
    u32 failed;            /* the action or property it failed in */
    u64 parent;            /* index of the state at hand */
    u64 steps;             /* step invariants that are wanted, as bits */
    const u64 *slots;      /* the table, for prefetching */
    u64 buckets;
    void (*flush)(Context *cx); /* takes the batch and empties it */
    void *owner;
};

typedef struct {
    u32 abi, words, identity, actions, initials, invariants, steps, witnesses, terminals;
    void (*initial)(Context *cx);
    void (*expand)(Context *cx, const u64 *state);
    u64 (*violated)(Context *cx, const u64 *state, u64 wanted, int all);
    u64 (*reached)(Context *cx, const u64 *state, u64 wanted, int all);
    u64 (*intended)(Context *cx, const u64 *state, u64 wanted, int all);
    u64 (*orbit)(const u64 *state);
} Model;

__extension__ typedef unsigned __int128 u128;

MAYBE u64 fold(u64 a, u64 b) {
    const u128 product = (u128)a * b;
    return (u64)product ^ (u64)(product >> 64);
}

/* What a state looks like from one element: see symmetry.h. */

MAYBE u64 blend(u64 so_far, u64 more) {
    return fold(so_far ^ UINT64_C(0x9e3779b97f4a7c15), more ^ UINT64_C(0xe7037ed1a0b428db));
}

MAYBE u64 seen_as(int self, u64 colour) {
    return self ? UINT64_C(0x8ebc6af09c88c6e3) : colour;
}

MAYBE u64 digest(const u64 *words, unsigned count) {
    u64 sum = count;
    for (unsigned w = 0; w < count; w++) sum = blend(sum, words[w]);
    return sum;
}

/* Fingerprint: multiply-and-fold over two words at a time, two independent lanes for long states. */
MAYBE u64 fingerprint(const u64 *state, unsigned words) {
    u64 a = UINT64_C(0x9e3779b97f4a7c15), b = UINT64_C(0xc2b2ae3d27d4eb4f);
    unsigned w = 0;
    for (; w + 4 <= words; w += 4) {
        a = fold(state[w] ^ UINT64_C(0xa0761d6478bd642f), state[w + 1] ^ a);
        b = fold(state[w + 2] ^ UINT64_C(0xe7037ed1a0b428db), state[w + 3] ^ b);
    }
    for (; w + 2 <= words; w += 2) a = fold(state[w] ^ UINT64_C(0x8ebc6af09c88c6e3), state[w + 1] ^ a);
    if (w < words) b = fold(state[w] ^ UINT64_C(0x589965cc75374cc3), b);
    const u64 print = fold(a ^ UINT64_C(0x1d8e4e27c47d124f), b ^ words);
    return print != 0 ? print : 1;
}

/* Eight 64-bit slots make a bucket, one cache line. */
MAYBE u64 bucket_of(u64 print, u64 buckets) {
    return (u64)(((u128)print * buckets) >> 64);
}

/* Puts the successor in `cx->next` into the batch, which is taken when it is full. */
INLINED void accept(Context *cx, const u64 *state, unsigned words, unsigned identity, unsigned action,
                    unsigned kind, unsigned steps) {
    Item *item = &cx->items[cx->count];
    item->print = fingerprint(state, identity);
    __builtin_prefetch(&cx->slots[bucket_of(item->print, cx->buckets) * 8]);
    item->parent = cx->parent;
    item->ordinal = cx->made++;
    item->steps = steps;
    item->state = cx->count;
    item->action = (uint16_t)action;
    item->kind = (uint8_t)kind;
    item->fresh = 0;
    cx->odd += (kind | steps) != 0;
    cx->count++;
    cx->next += words;
    if (cx->count == cx->capacity) cx->flush(cx);
}

/* Between actions: so that one action's steps from one state are taken together. */
INLINED void settle(Context *cx) {
    if (cx->count >= cx->batch) cx->flush(cx);
}

/* One action instance in `expand` and `initial`: its guard, then the step; either may stop at a run-time check. */
#define TRY_CHECKED(guard, call, action, before)                      \
    do {                                                              \
        if ((guard) && (call) == DONE) take(cx, before, action);      \
        if (rarely(cx->site != 0)) {                                  \
            if (cx->failed == NOBODY) cx->failed = action;            \
            return;                                                   \
        }                                                             \
    } while (0)

/* The same where the guard cannot stop. */
#define TRY(guard, call, action, before)                              \
    do {                                                              \
        if (guard) TRY_CHECKED(1, call, action, before);              \
    } while (0)

extern const Model model;

#endif
