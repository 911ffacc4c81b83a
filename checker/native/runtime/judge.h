/* What becomes of the successors that a task has found. */
#ifndef QUORATE_JUDGE_H
#define QUORATE_JUDGE_H

#include "search.h"

/* Takes the `count` successors that a task has kept, of which the new ones are marked, from `w->index` on. */
void judge(Worker *w, u32 count);
void halt(Worker *w, Finding finding); /* the search ends in this task */
/* The system has no memory left, and the task is in the table already: what is found so far is all there will be. */
void tear(Worker *w);

#endif
