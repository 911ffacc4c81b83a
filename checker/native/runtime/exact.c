#include "exact.h"
#include "memory.h"
#include <stdlib.h>

enum { STATES_PER_PAGE = 1 << 14, SMALLEST_SET = 1 << 12 };

void exact_open(Exact *set, unsigned words) {
    *set = (Exact){.words = words, .stride = words + 1};
}

static u64 page_bytes(const Exact *set) {
    return (u64)STATES_PER_PAGE * set->stride * sizeof(u64);
}

static u64 pages_for(u64 states) {
    return (states + STATES_PER_PAGE - 1) / STATES_PER_PAGE;
}

void exact_close(Exact *set) {
    for (u64 p = 0; p < set->room && set->pages[p] != NULL; p++) pages_give(set->pages[p], page_bytes(set));
    pages_give(set->slots, set->size * sizeof(u64));
    free(set->pages);
    *set = (Exact){0};
}

u64 exact_bytes(const Exact *set) {
    return set->size * sizeof(u64) + pages_for(set->count) * page_bytes(set);
}

static u64 *entry(const Exact *set, u64 number) {
    return set->pages[number / STATES_PER_PAGE] + number % STATES_PER_PAGE * set->stride;
}

static u64 place_of(const Exact *set, u64 print) {
    return (print ^ print >> 32) & (set->size - 1);
}

static int widen(Exact *set, u64 size) {
    u64 *old = set->slots, before = set->size;
    set->slots = pages_take(size * sizeof(u64));
    if (set->slots == NULL) {
        set->slots = old;
        return 0;
    }
    set->size = size;
    for (u64 number = 0; number < set->count; number++) {
        u64 place = place_of(set, entry(set, number)[0]);
        while (set->slots[place] != 0) place = (place + 1) & (size - 1);
        set->slots[place] = number + 1;
    }
    pages_give(old, before * sizeof(u64));
    return 1;
}

static int more_pages(Exact *set, u64 wanted) {
    if (wanted > set->room) {
        const u64 room = 2 * wanted;
        u64 **pages = realloc(set->pages, room * sizeof *pages);
        if (pages == NULL) return 0;
        memset(pages + set->room, 0, (room - set->room) * sizeof *pages);
        set->pages = pages;
        set->room = room;
    }
    for (u64 p = 0; p < wanted; p++) {
        if (set->pages[p] == NULL) set->pages[p] = pages_take(page_bytes(set));
        if (set->pages[p] == NULL) return 0;
    }
    return 1;
}

int exact_reserve(Exact *set, u64 more, u64 limit) {
    const u64 states = set->count + more;
    u64 size = set->size ? set->size : SMALLEST_SET;
    while (states > size / 4 * 3) size *= 2;
    const u64 growth = (size > set->size ? size * sizeof(u64) : 0) + (pages_for(states) - pages_for(set->count)) * page_bytes(set);
    if (limit != 0 && pages_held() + growth > limit) return 0;
    return (size == set->size || widen(set, size)) && more_pages(set, pages_for(states));
}

int exact_insert(Exact *set, u64 print, const u64 *state) {
    u64 place = place_of(set, print);
    for (; set->slots[place] != 0; place = (place + 1) & (set->size - 1)) {
        const u64 *known = entry(set, set->slots[place] - 1);
        if (known[0] == print && memcmp(known + 1, state, set->words * sizeof(u64)) == 0) return 0;
    }
    u64 *own = entry(set, set->count);
    own[0] = print;
    copy(own + 1, state, set->words);
    set->slots[place] = ++set->count;
    return 1;
}
