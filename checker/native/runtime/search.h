/* Breadth-first search, level by level: the parts that its files share, and the calls that the driver makes.
 *
 * A level is cut into tasks of consecutive blocks. Threads expand tasks side by side, but take turns, in the order of
 * tasks, when they insert what they found. So states are found in the same order, with the same parents, counts and
 * first violation, with any number of threads. A task is taken as a whole: where memory or disk are short, the search
 * stops before a task and can go on there another time. */
#ifndef QUORATE_SEARCH_H
#define QUORATE_SEARCH_H

#include "frontier.h"
#include "model.h"
#include "exact.h"
#include "table.h"

/* Why a search ended. The driver knows these numbers. */
enum { RUNNING, COMPLETE, INVARIANT, STEP, DEADLOCK, ERROR, STATES, DEPTH, SECONDS, MEMORY, INTERRUPTED, DISK, PAUSED };

typedef struct {
    u32 workers, check_all, deadlock, symmetric;
    u32 exact, unused;                /* whether states are compared in full */
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
    u32 kept;           /* successors that were kept until its turn */
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

/* One thread's own; in cache lines of its own. */
typedef struct {
    Context cx;
    Search *search;
    Task *task;
    u32 number;         /* of the task */
    int halted;         /* the task ends here */
    u64 index;          /* of the last new state */
    u64 distinct, outside, unreduced; /* in the task */
    Writer writer;
    u64 seen;           /* witnesses reached before this level, or in this task */
    u64 base;           /* items count their parents from here */
    Item *kept;         /* what may be new, until it is the task's turn */
    u64 *kept_states;
    u32 *worth;         /* the places of those that are new, or otherwise worth a look */
    u32 kepts, kept_room, worths, findings;
    u32 *before;        /* steps counted up to the last state, when they are counted again */
    u64 *state;
    uint8_t *scratch;
    u32 busy;           /* with the table, which must not go away; see turns.c */
} __attribute__((aligned(128))) Worker;

/* What one thread writes while others read stands in cache lines of its own. */
#define OTHER_LINE __attribute__((aligned(128)))

struct Search {
    const Model *model;
    Settings settings;
    Block *level;       /* what is to be expanded, and what was found by those expanded already */
    Block *next;
    u32 blocks, nexts, next_room;
    int deeper;         /* whether the states in `next` are counted in `depth` */
    Task *tasks;
    u32 task_count;
    Worker *workers;
    u32 actions, properties;
    int reason;         /* RUNNING until the end */
    int error;          /* errno, with DISK */
    /* Shared between threads: written rarely, */
    OTHER_LINE int stop; /* a reason to stop at once; 0: none */
    u32 last_task;      /* the search ends in this one */
    u32 growing;        /* see turns.c */
    int torn;           /* the system's memory ran out in the middle of a task: not to be saved */
    /* by everybody, in turns, */
    OTHER_LINE u32 ticket; /* the next task to be expanded */
    OTHER_LINE u32 turn; /* the next task to insert */
    u32 sleepers;       /* threads asleep until the turn passes to them */
    pthread_mutex_t waiting;
    pthread_cond_t turned;
    OTHER_LINE u64 committed; /* indices given */
    Table table;
    Exact exact;        /* in its place, where it was asked for */
    /* and while the table grows. */
    OTHER_LINE u64 part;
    u64 moved;
    Table larger;
    /* Sums over what is done. */
    OTHER_LINE u64 live_distinct;
    u64 live_generated;
    u64 distinct, generated, outside, unreduced, depth, frontier, reached;
    u64 expanded, kept; /* to guess how much a task will keep */
    u64 *totals;        /* generated and new states per action */
    Finding stopped;
    Finding *found;
    Table beyond;       /* violating states outside, so that each counts once; opened on first need */
    Entry *entries;
    u64 entry_count, entry_room;
    Pool pool;
};

int worker_open(Worker *worker, Search *search); /* 0 when there is no memory */
void worker_close(Worker *worker);
void worker_initial(Worker *worker);
void worker_level(Worker *worker); /* expands tasks until none is left */
int search_may_grow(const Search *search, u64 more); /* whether the table with so many more is within the limit */
/* Whether a search that stops for this reason ends in the middle of a task, which counts up to there. */
int ends_within(const Search *search, u32 kind);
u64 search_waiting(const Search *search); /* states found and not yet expanded */
int search_adopt_entry(Search *search, Entry entry, const uint8_t *journal); /* from a checkpoint */
void search_fold(Search *search); /* takes the results of a level's tasks, in order */

#endif
