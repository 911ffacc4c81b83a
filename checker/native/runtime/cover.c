#include "cover.h"
#include <stdlib.h>

enum { SLOTS = 1 << 13, MOST_COVERED = SLOTS / 2 };

int cover_open(Cover *cover, const u64 *mask, unsigned words) {
    *cover = (Cover){.mask = mask, .slots = SLOTS, .words = words};
    if (mask == NULL) return 1;
    cover->keys = calloc(SLOTS, sizeof(u64));
    cover->counts = calloc(SLOTS, sizeof(u64));
    cover->states = calloc((size_t)SLOTS * words, sizeof(u64));
    return cover->keys != NULL && cover->counts != NULL && cover->states != NULL;
}

void cover_close(Cover *cover) {
    free(cover->keys);
    free(cover->counts);
    free(cover->states);
}

void cover_add(Cover *cover, const u64 *state, u64 count) {
    u64 key = 1;
    for (unsigned w = 0; w < cover->words; w++) key = blend(key, state[w] & cover->mask[w]);
    key |= 1;
    u64 slot = key >> 32 & (SLOTS - 1);
    while (cover->keys[slot] != 0 && cover->keys[slot] != key) slot = (slot + 1) & (SLOTS - 1);
    if (cover->keys[slot] == 0) {
        if (cover->used == MOST_COVERED) {
            cover->beyond += count;
            return;
        }
        cover->used++;
        cover->keys[slot] = key;
        copy(cover->states + slot * cover->words, state, cover->words);
    }
    cover->counts[slot] += count;
}

void cover_take(Cover *all, Cover *part) {
    if (all->mask == NULL) return;
    for (u32 slot = 0; slot < SLOTS; slot++) {
        if (part->counts[slot] != 0) cover_add(all, part->states + (size_t)slot * all->words, part->counts[slot]);
        part->counts[slot] = 0;
    }
    all->beyond += part->beyond;
    part->beyond = 0;
}
