/* How threads share the table: any number may look into it, one at a time inserts, all of them together make it grow.
 * Knows tasks by their numbers only. */
#ifndef QUORATE_TURNS_H
#define QUORATE_TURNS_H

#include "search.h"

void begin_reading(Worker *w);
void end_reading(Worker *w);
int await_turn(Worker *w); /* until all tasks before this one have inserted; 0 when the search ends before */
void pass_turn(Worker *w, int on); /* to the next task, or (not on) to nobody, as the search ends here */
int grow(Worker *w, u64 more); /* for the thread whose turn it is; 0 when there is no memory */

#endif
