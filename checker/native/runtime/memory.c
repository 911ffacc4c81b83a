#include "memory.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { APART = 128 }; /* bytes: lines are fetched in pairs */
#define PAGE ((uintptr_t)4096)
#define HUGE ((size_t)2 << 20)

static _Atomic u64 held;

void *pages_take(size_t bytes) {
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) return NULL;
#ifdef MADV_HUGEPAGE
    if (bytes >= 2 * HUGE) madvise(pages, bytes, MADV_HUGEPAGE);
#endif
    atomic_fetch_add(&held, bytes);
    return pages;
}

void pages_give(void *pages, size_t bytes) {
    if (pages == NULL) return;
    munmap(pages, bytes);
    atomic_fetch_sub(&held, bytes);
}

void pages_forget(void *from, void *to) {
    const uintptr_t first = ((uintptr_t)from + PAGE - 1) & ~(PAGE - 1);
    const uintptr_t last = (uintptr_t)to & ~(PAGE - 1);
    if (last > first) madvise((void *)first, last - first, MADV_DONTNEED);
}

u64 pages_held(void) {
    return atomic_load(&held);
}

void *lines_take(size_t bytes) {
    const size_t whole = (bytes / APART + 1) * APART;
    void *lines = aligned_alloc(APART, whole);
    return lines == NULL ? NULL : memset(lines, 0, whole);
}
