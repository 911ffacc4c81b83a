/* What becomes of the successors that a task has found. */
#ifndef QUORATE_JUDGE_H
#define QUORATE_JUDGE_H

#include "search.h"

/* Takes those successors of a task that are new, or otherwise worth a look; the states after `w->index`. */
void judge(Worker *w);
void halt(Worker *w, Finding finding); /* the search ends in this task */
/* The system has no memory left, and the task is in the table already: what is found so far is all there will be. */
void tear(Worker *w);

#endif
