/* Breadth-first search, level by level: the parts that its files share, and the calls that the driver makes.
 *
 * A level is cut into tasks of consecutive blocks. Threads expand tasks side by side, but take turns, in the order of
 * tasks, when they insert what they found. So states are found in the same order, with the same parents, counts and
 * first violation, with any number of threads. */
#ifndef QUORATE_SEARCH_H
#define QUORATE_SEARCH_H

#include "frontier.h"
#include "model.h"
#include "table.h"

/* Why a search ended. The driver knows these numbers. */
enum { RUNNING, COMPLETE, INVARIANT, STEP, DEADLOCK, ERROR, STATES, DEPTH, SECONDS, MEMORY, INTERRUPTED, DISK, PAUSED };

typedef struct {
    u32 workers, check_all, deadlock, symmetric;
    u64 invariants, steps, witnesses; /* those wanted, as bits */
    u64 states, depth, memory;        /* limits; 0: none */
    const char *folder;               /* for spill files; "": none */
} Settings;

/* Where something was found: the successor `ordinal` of state `parent`, or that state itself (NOBODY). */
typedef struct {
    u64 count;  /* how often */
    u64 parent;
    u32 ordinal;
    u32 kind;   /* INVARIANT, STEP, DEADLOCK, ERROR, STATES, MEMORY, DISK; 0: nothing was found */
    u32 which;  /* the bit of the property */
    u32 site, failed;
    u32 actions; /* steps of actions below this number were counted when it was found */
    u64 order;  /* 1 for the first violated property, and so on */
} Finding;

typedef struct {
    Finding finding;
    u64 print;
    u32 place;          /* of the property in `found` */
} Beyond;

typedef struct {
    u32 first, last;    /* blocks of the level */
    Block *out;
    u32 outs;
    u32 done;           /* expanded and judged to the end */
    u64 generated, distinct, outside, unreduced;
    u32 *actions;       /* generated and new states per action, side by side */
    Finding stop;       /* what ends the search here, if anything */
    Finding *found;     /* with check_all: per property; then per witness. NULL while nothing was found */
    Beyond *beyond;     /* with check_all: violations outside a boundary, where states are not remembered */
    u32 beyonds, beyond_room;
} Task;

typedef struct {
    u64 first;
    const uint8_t *journal;
    u32 count, bytes;
} Entry; /* of the index of all blocks ever */

typedef struct Search Search;

typedef struct {
    Context cx;
    Search *search;
    Task *task;
    u32 number;         /* of the task */
    int halted;         /* the task ends here */
    u64 index;          /* of the last new state */
    Writer writer;
    u64 seen;           /* witnesses reached before this level, or in this task */
    Item *kept;         /* with several threads: the items of the task */
    u64 *kept_states;
    u32 kepts, kept_room, states, state_room, findings;
    u64 *state;
    uint8_t *scratch;
} Worker;

struct Search {
    const Model *model;
    Settings settings;
    Table table;
    Pool pool;
    Block *level;       /* what is to be expanded, and what was found by those expanded already */
    Block *next;
    u32 blocks, nexts, next_room;
    int deeper;         /* whether the states in `next` are counted in `depth` */
    Task *tasks;
    u32 task_count;
    Worker *workers;
    u32 actions, properties;
    int threads;        /* in this level */
    int reason;         /* RUNNING until the end */
    /* Shared between threads. */
    pthread_mutex_t waiting;
    pthread_cond_t turned;
    u32 sleepers;       /* threads asleep until the turn passes to them */
    u32 ticket, turn, last_task, readers, growing;
    int stop;           /* a reason to stop at once; 0: none */
    u64 committed;      /* indices given */
    u64 live_distinct, live_generated;
    /* Sums over what is done. */
    u64 distinct, generated, outside, unreduced, depth, frontier, reached;
    u64 *totals;        /* generated and new states per action */
    Finding stopped;
    Finding *found;
    Table beyond;       /* violating states outside, so that each counts once; opened on first need */
    Entry *entries;
    u64 entry_count, entry_room;
    int error;          /* errno, with DISK */
};

void worker_open(Worker *worker, Search *search);
void worker_close(Worker *worker);
void worker_initial(Worker *worker);
void worker_level(Worker *worker); /* expands tasks until none is left */
int search_grow(Search *search, u64 more);
u64 search_waiting(const Search *search); /* states found and not yet expanded */
int search_adopt_entry(Search *search, Entry entry, const uint8_t *journal); /* from a checkpoint */
void search_fold(Search *search); /* takes the results of a level's tasks, in order */

#endif
