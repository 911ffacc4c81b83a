/* Runs one generated model to the end, without Python, and prints its counts: for the sanitizers. */
#include "report.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **given) {
    const u32 workers = count > 1 ? (u32)atoi(given[1]) : 1;
    const u64 memory = count > 2 ? strtoull(given[2], NULL, 10) : 0;
    const Settings settings = {.workers = workers, .deadlock = 1, .invariants = UINT64_MAX >> (64 - model.invariants - 1) >> 1,
                               .memory = memory, .folder = "/tmp", .symmetric = count > 3 && strcmp(given[3], "symmetric") == 0,
                               .exact = count > 3 && strcmp(given[3], "exact") == 0};
    Search *search = search_new(&model, &settings);
    Report report;
    search_run(search);
    search_report(search, &report);
    printf("%u %llu %llu %llu\n", report.reason, (unsigned long long)report.distinct,
           (unsigned long long)report.generated, (unsigned long long)report.depth);
    if (count > 4) {
        if (search_save(search, given[4], "", 0) != 0) return 1;
    }
    search_free(search);
    return 0;
}
