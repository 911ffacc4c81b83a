/* The calls of the driver, beside those in search.h. */
#ifndef QUORATE_REPORT_H
#define QUORATE_REPORT_H

#include "search.h"

typedef struct {
    u64 distinct, generated, outside, unreduced, depth, frontier;
    u64 memory, table_bytes, journal_bytes, frontier_bytes, spilled_bytes, slots;
    u64 live_distinct, live_generated; /* also right in the middle of a level */
    u32 reason, error;
} Report;

Search *search_new(const Model *model, const Settings *settings);
int search_run(Search *search);   /* blocks until the end; returns the reason */
void search_stop(Search *search, int reason);
/* Goes on, while it is not running, with another compilation of the same model. */
void search_use(Search *search, const Model *model);
void search_free(Search *search);

/* Writes a search that is not running to a file, behind a text of the caller's; errno, or 0. */
int search_save(Search *search, const char *path, const char *header, u64 length);
/* Puts what a file holds into a new search; errno, or -1 when the file is damaged, or 0. */
int search_load(Search *search, const char *path);

void search_report(const Search *search, Report *report);
const u64 *search_totals(const Search *search);
void search_findings(const Search *search, Finding *stopped, Finding *found);
/* The ordinals of the steps from an initial state to state `index`; their number, at most `room`. */
u64 search_path(const Search *search, u64 index, u32 *ordinals, u64 room);
/* All successors of a state (NULL: the initial states), in order; their number. `site` is a check that failed, or 0. */
u32 model_steps(const Model *model, const u64 *state, u64 *states, u32 *actions, u32 room, u32 *site);

#endif
