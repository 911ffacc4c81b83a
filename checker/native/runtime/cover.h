/* How often walks were in which abstract state: what a state looks like through a mask of its bits. */
#ifndef QUORATE_COVER_H
#define QUORATE_COVER_H

#include "model.h"

typedef struct {
    const u64 *mask; /* the bits that matter; NULL: nobody asked */
    u64 *keys;       /* of abstract states, each in a slot that it names; 0: free */
    u64 *counts;
    u64 *states;     /* a state that looks so, for each slot */
    u64 beyond;      /* visits of abstract states for which there was no room */
    u32 used, slots;
    u32 words, unused;
} Cover;

int cover_open(Cover *cover, const u64 *mask, unsigned words); /* 0 when there is no memory */
void cover_close(Cover *cover);
void cover_add(Cover *cover, const u64 *state, u64 count);
void cover_take(Cover *all, Cover *part); /* adds the counts of a part, which begins again */

#endif
