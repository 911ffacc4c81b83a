/* Where a search's time goes, and which variables take ever more values: counted by the model itself, where it was
 * generated for that (ACTIONS, PROPERTIES and VARIABLES are its own). Time is in ticks of the machine's clock.
 *
 * How many different values a variable has had is estimated: each value's hash goes into one of many registers, which
 * keeps the longest run of zero bits seen (HyperLogLog; with 4,096 registers the error is about 1.6 %). The registers
 * are put aside whenever the number of expanded states has doubled. */
#ifndef QUORATE_PROFILE_H
#define QUORATE_PROFILE_H

#include "model.h"
#include <time.h>

enum { REGISTERS = 4096, DOUBLINGS = 40 };

u64 profile_spent[2 * (ACTIONS + PROPERTIES)]; /* ticks and calls of each action, then of each property */
u64 profile_states;                            /* expanded */
uint8_t profile_values[DOUBLINGS + 1][VARIABLES][REGISTERS]; /* after 1, 2, 4, ... states; the last row is now */
u64 profile_clock(void);

u64 profile_clock(void) {
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_ia32_rdtsc();
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (u64)now.tv_sec * 1000000000u + (u64)now.tv_nsec;
#endif
}

/* Since `began`, something was done once. What took very much longer than usual did not run all the time: another
 * process had the processor. It counts as the mean. */
MAYBE void spent(unsigned what, u64 began) {
    u64 took = profile_clock() - began;
    const u64 so_far = __atomic_load_n(&profile_spent[2 * what], __ATOMIC_RELAXED);
    const u64 calls = __atomic_fetch_add(&profile_spent[2 * what + 1], 1, __ATOMIC_RELAXED);
    if (calls >= 64 && took / 256 > so_far / calls) took = so_far / calls;
    __atomic_fetch_add(&profile_spent[2 * what], took, __ATOMIC_RELAXED);
}

MAYBE void note_value(unsigned variable, u64 value) {
    const u64 hash = fold(value ^ UINT64_C(0xa0761d6478bd642f), UINT64_C(0xe7037ed1a0b428db) ^ (value >> 32));
    uint8_t *place = &profile_values[DOUBLINGS][variable][hash & (REGISTERS - 1)];
    const uint8_t rank = (uint8_t)(1 + __builtin_ctzll(hash >> 12 | UINT64_C(1) << 52));
    if (__atomic_load_n(place, __ATOMIC_RELAXED) < rank) __atomic_store_n(place, rank, __ATOMIC_RELAXED);
}

MAYBE void note_state(void) {
    const u64 states = __atomic_add_fetch(&profile_states, 1, __ATOMIC_RELAXED);
    if ((states & (states - 1)) != 0) return;
    const unsigned row = (unsigned)__builtin_ctzll(states);
    for (unsigned v = 0; row < DOUBLINGS && v < VARIABLES; v++) {
        for (unsigned r = 0; r < REGISTERS; r++) profile_values[row][v][r] = __atomic_load_n(&profile_values[DOUBLINGS][v][r], __ATOMIC_RELAXED);
    }
}

#endif
