/* Memory from the system in large pieces, counted, on huge pages where that is allowed. */
#ifndef QUORATE_MEMORY_H
#define QUORATE_MEMORY_H

#include "values.h"
#include <stddef.h>

void *pages_take(size_t bytes);            /* zeroed; NULL when there is none */
void pages_give(void *pages, size_t bytes);
void pages_forget(void *from, void *to);   /* gives the whole pages between back to the system, keeps the addresses */
u64 pages_held(void);                      /* bytes now taken */
/* Zeroed memory in cache lines of its own, so that threads do not disturb each other; `free` takes it back. */
void *lines_take(size_t bytes);

#endif
