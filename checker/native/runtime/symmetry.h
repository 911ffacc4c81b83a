/* Canonical states: of all states that differ by renaming interchangeable elements, one is kept.
 *
 * Included by a generated model, which has defined SORTS, MOST (elements of the largest sort), `sort_sizes`,
 *   view(s, sort, element, colours)  what the state looks like from an element: the same for renamed states
 *   renamed(to, s, names)            the state with every element replaced
 * Elements are ordered by their views. Only elements that look alike are tried in several orders, and not those that
 * can be exchanged without changing the state at all: so n elements never cost n! unless they differ in no simple way.
 */
#ifndef QUORATE_SYMMETRY_H
#define QUORATE_SYMMETRY_H

typedef struct {
    uint8_t order[SORTS][MOST]; /* elements as they will be named */
    uint8_t class[SORTS][MOST]; /* by place: which of its exchangeable classes, from 0 in every group */
    uint8_t group[SORTS][MOST]; /* by place: the first place of its group of look-alikes */
    u64 exchanges;              /* in how many ways elements can be exchanged without any change */
    int mixed;                  /* whether a group has several classes */
} Ranking;

static int identical(const u64 *a, const u64 *b) {
    return memcmp(a, b, IDENTITY * sizeof(u64)) == 0;
}

static void keep_names(uint8_t names[SORTS][MOST]) {
    for (unsigned sort = 0; sort < SORTS; sort++) {
        for (unsigned e = 0; e < MOST; e++) names[sort][e] = (uint8_t)e;
    }
}

static int exchangeable(const u64 *s, unsigned sort, unsigned a, unsigned b) {
    uint8_t names[SORTS][MOST];
    u64 other[WORDS];
    keep_names(names);
    names[sort][a] = (uint8_t)b;
    names[sort][b] = (uint8_t)a;
    renamed(other, s, names);
    return identical(s, other);
}

/* Splits the look-alikes at places first..end-1 into classes of exchangeable elements. */
static void classify(const u64 *s, Ranking *ranking, unsigned sort, unsigned first, unsigned end) {
    uint8_t *order = ranking->order[sort], *class = ranking->class[sort];
    unsigned leaders[MOST], sizes[MOST], classes = 0;
    uint8_t found[MOST], sorted[MOST];
    for (unsigned place = first; place < end; place++) {
        unsigned c = 0;
        while (c < classes && !exchangeable(s, sort, leaders[c], order[place])) c++;
        if (c == classes) {
            leaders[classes] = order[place];
            sizes[classes++] = 0;
        }
        ranking->exchanges *= ++sizes[c];
        found[place] = (uint8_t)c;
    }
    ranking->mixed |= classes > 1;
    unsigned to = first;
    for (unsigned c = 0; c < classes; c++) {
        for (unsigned place = first; place < end; place++) {
            if (found[place] != c) continue;
            sorted[to] = order[place];
            class[to++] = (uint8_t)c;
        }
    }
    memcpy(order + first, sorted + first, end - first);
}

static void sort_by_key(uint8_t *order, const u64 *keys, unsigned size) {
    for (unsigned i = 0; i < size; i++) {
        unsigned j = i;
        for (; j > 0 && keys[order[j - 1]] > keys[i]; j--) order[j] = order[j - 1];
        order[j] = (uint8_t)i;
    }
}

static void rank(const u64 *s, u64 keys[SORTS][MOST], Ranking *ranking) {
    ranking->exchanges = 1;
    ranking->mixed = 0;
    for (unsigned sort = 0; sort < SORTS; sort++) {
        const unsigned size = sort_sizes[sort];
        uint8_t *order = ranking->order[sort];
        sort_by_key(order, keys[sort], size);
        for (unsigned first = 0, end; first < size; first = end) {
            for (end = first + 1; end < size && keys[sort][order[end]] == keys[sort][order[first]]; end++) {}
            memset(ranking->group[sort] + first, (int)first, end - first);
            ranking->class[sort][first] = 0;
            if (end > first + 1) classify(s, ranking, sort, first, end);
        }
    }
}

static void look(const u64 *s, u64 keys[SORTS][MOST], u64 colours[SORTS][MOST]) {
    for (unsigned sort = 0; sort < SORTS; sort++) {
        for (unsigned e = 0; e < sort_sizes[sort]; e++) keys[sort][e] = view(s, sort, e, colours);
    }
}

/* The next order of classes within one group: as std::next_permutation; 0 after the last, which leaves the first. */
static int next_order(uint8_t *class, uint8_t *order, unsigned first, unsigned end) {
    unsigned i = end - 1;
    while (i > first && class[i - 1] >= class[i]) i--;
    for (unsigned a = i, b = end; a + 1 < b; a++) {
        b--;
        const uint8_t c = class[a], o = order[a];
        class[a] = class[b], order[a] = order[b];
        class[b] = c, order[b] = o;
    }
    if (i == first) return 0;
    unsigned j = i;
    while (class[j] <= class[i - 1]) j++;
    const uint8_t c = class[i - 1], o = order[i - 1];
    class[i - 1] = class[j], order[i - 1] = order[j];
    class[j] = c, order[j] = o;
    return 1;
}

static int next_ranking(Ranking *ranking) {
    for (unsigned sort = 0; sort < SORTS; sort++) {
        const unsigned size = sort_sizes[sort];
        for (unsigned first = 0, end; first < size; first = end) {
            for (end = first + 1; end < size && ranking->group[sort][end] == first; end++) {}
            if (end > first + 1 && next_order(ranking->class[sort], ranking->order[sort], first, end)) return 1;
        }
    }
    return 0;
}

static void name_by(const Ranking *ranking, uint8_t names[SORTS][MOST]) {
    keep_names(names);
    for (unsigned sort = 0; sort < SORTS; sort++) {
        for (unsigned place = 0; place < sort_sizes[sort]; place++) names[sort][ranking->order[sort][place]] = (uint8_t)place;
    }
}

/* Finds the canonical form of a state, and the renaming that leads to it; gives the number of renamings that leave the
 * state as it is. */
static u64 canonical_form(const u64 *s, u64 *best, uint8_t chosen[SORTS][MOST]) {
    u64 keys[SORTS][MOST], colours[SORTS][MOST];
    uint8_t names[SORTS][MOST];
    Ranking ranking;
    u64 other[WORDS], alike = 1;
    memset(colours, 0, sizeof colours);
    look(s, keys, colours);
    rank(s, keys, &ranking);
    for (int round = 0; ranking.mixed && round < 2; round++) {
        memcpy(colours, keys, sizeof colours);
        look(s, keys, colours);
        rank(s, keys, &ranking);
    }
    name_by(&ranking, chosen);
    renamed(best, s, chosen);
    while (ranking.mixed && next_ranking(&ranking)) {
        name_by(&ranking, names);
        renamed(other, s, names);
        const int order = memcmp(other, best, IDENTITY * sizeof(u64));
        if (order == 0) alike++;
        if (order < 0) {
            alike = 1;
            copy(best, other, WORDS);
            memcpy(chosen, names, sizeof names);
        }
    }
    return alike * ranking.exchanges;
}

#ifdef MASKED

/* Makes a state canonical, as its key, which is the state with its dead values masked, says; and the key, too. */
static void canonical_by(u64 *s, u64 *key) {
    u64 best[WORDS];
    uint8_t names[SORTS][MOST];
    canonical_form(key, best, names);
    copy(key, best, WORDS);
    renamed(best, s, names);
    copy(s, best, WORDS);
}

#else

static void mask(u64 *s) {
    (void)s;
}

static void canonical(u64 *s) {
    u64 best[WORDS];
    uint8_t names[SORTS][MOST];
    canonical_form(s, best, names);
    copy(s, best, WORDS);
}

#endif

static u64 orbit(const u64 *s) {
    u64 key[WORDS], best[WORDS], all = 1;
    uint8_t names[SORTS][MOST];
    for (unsigned sort = 0; sort < SORTS; sort++) {
        for (unsigned e = 2; e <= sort_sizes[sort]; e++) all *= e;
    }
    copy(key, s, WORDS);
    mask(key);
    return all / canonical_form(key, best, names);
}

#endif
