/* The visited set as whole states, where nobody wants to rely on fingerprints: equal fingerprints are compared in full.
 *
 * A hash table of references to states that lie one behind the other in large pages. One thread at a time inserts. */
#ifndef QUORATE_EXACT_H
#define QUORATE_EXACT_H

#include "model.h"

typedef struct {
    u64 *slots;   /* a state's number, from 1; 0: free */
    u64 size;     /* slots, a power of two */
    u64 count;    /* states */
    u64 **pages;  /* of STATES_PER_PAGE states each */
    u64 room;     /* pages that `pages` has room for */
    unsigned words, stride; /* of a state; with its fingerprint in front */
} Exact;

void exact_open(Exact *set, unsigned words);
void exact_close(Exact *set);
u64 exact_bytes(const Exact *set);
/* Makes room for so many states more; 0 when it would take more than `limit` bytes (0: no limit), or there are none. */
int exact_reserve(Exact *set, u64 more, u64 limit);
/* Inserts a state with its fingerprint; 0 when it was there already. There must be room. */
int exact_insert(Exact *set, u64 print, const u64 *state);

#endif
