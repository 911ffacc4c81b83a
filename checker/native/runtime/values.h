/* What generated code does with words: bits in and out, whole values, sets, exact arithmetic.
 * Knows nothing of states, models or searches. */
#ifndef QUORATE_VALUES_H
#define QUORATE_VALUES_H

#include <stdint.h>
#include <string.h>

typedef uint64_t u64;
typedef int64_t i64;
typedef uint32_t u32;

#define rarely(condition) __builtin_expect(!!(condition), 0)
#define INLINED static inline __attribute__((always_inline))
#define OWN static __attribute__((unused)) /* a part of a model, which may turn out not to be needed */
#define PURE OWN __attribute__((pure)) /* has a value and no effect, so that equal calls are made once */
#define MAYBE static inline __attribute__((unused))

#define WIDE (INT64_C(1) << 62) /* numbers stay within -WIDE..WIDE, as domains.WIDE says */

/* The bits at..at+width-1 of a word; at most 63 of them. */
MAYBE u64 get(u64 word, u64 at, unsigned width) {
    return (word >> at) & ((UINT64_C(1) << width) - 1);
}

MAYBE void put(u64 *word, u64 at, unsigned width, u64 bits) {
    const u64 mask = ((UINT64_C(1) << width) - 1) << at;
    *word = (*word & ~mask) | (bits << at);
}

MAYBE void copy(u64 *to, const u64 *from, unsigned words) {
    memmove(to, from, words * sizeof(u64));
}

MAYBE void clear(u64 *to, unsigned words) {
    memset(to, 0, words * sizeof(u64));
}

MAYBE u64 same(const u64 *a, const u64 *b, unsigned words) {
    u64 different = 0;
    for (unsigned w = 0; w < words; w++) different |= a[w] ^ b[w];
    return different == 0;
}

/* Sets of more than 63 possible members, as bits in several words. */

MAYBE u64 subset(const u64 *a, const u64 *b, unsigned words) {
    u64 beyond = 0;
    for (unsigned w = 0; w < words; w++) beyond |= a[w] & ~b[w];
    return beyond == 0;
}

MAYBE u64 has(const u64 *set, u64 position) {
    return (set[position / 64] >> (position % 64)) & 1;
}

/* In a few steps on words: the compiler's own asks a library where it may not assume an instruction for it. */
MAYBE u64 count_bits(u64 word) {
    word -= (word >> 1) & UINT64_C(0x5555555555555555);
    word = (word & UINT64_C(0x3333333333333333)) + ((word >> 2) & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (word * UINT64_C(0x0101010101010101)) >> 56;
}

MAYBE u64 count_all(const u64 *set, unsigned words) {
    u64 count = 0;
    for (unsigned w = 0; w < words; w++) count += count_bits(set[w]);
    return count;
}

MAYBE u64 lowest(u64 word) {
    return (u64)__builtin_ctzll(word);
}

/* Arithmetic as Python's; the wide forms say whether the result leaves -WIDE..WIDE. */

MAYBE i64 floor_divide(i64 a, i64 b) {
    const i64 quotient = a / b;
    return quotient - ((a % b != 0) & ((a < 0) != (b < 0)));
}

MAYBE i64 floor_modulo(i64 a, i64 b) {
    const i64 rest = a % b;
    return rest + ((rest != 0) & ((rest < 0) != (b < 0))) * b;
}

MAYBE int leaves_wide(i64 number) {
    return number > WIDE || number < -WIDE;
}

MAYBE int add_wide(i64 a, i64 b, i64 *result) {
    return __builtin_add_overflow(a, b, result) || leaves_wide(*result);
}

MAYBE int subtract_wide(i64 a, i64 b, i64 *result) {
    return __builtin_sub_overflow(a, b, result) || leaves_wide(*result);
}

MAYBE int multiply_wide(i64 a, i64 b, i64 *result) {
    return __builtin_mul_overflow(a, b, result) || leaves_wide(*result);
}

MAYBE int negate_wide(i64 a, i64 nothing, i64 *result) {
    (void)nothing;
    return subtract_wide(0, a, result);
}

#endif
