/* The same programs as CPython 3.11, the same figures: collections and objects freed per
 * generation, to the last object.
 *
 * The figures are what CPython 3.11.7 reports (gc.get_stats) for one million instances of a class
 * with `__slots__ = ("a",)`, after a full collection and gc.freeze() of the interpreter's own
 * objects, with thresholds (700, 10, 10). Lists would not do: they come from a free list past the
 * collector's count. */
#include "conformance.h"

enum { OBJECTS = 1000000 };

typedef struct figures {
    uint32_t ring; /* objects in each */
    uint64_t collections[MM_GENERATIONS_MAX];
    uint64_t reclaimed[MM_GENERATIONS_MAX];
} figures;

static void assert_figures(mm *m, const figures *expected)
{
    const mm_stats stats = heap_stats(m);

    for (int g = 0; g < MM_GENERATIONS_MAX; g++) {
        assert_int_equal(stats.collections[g], expected->collections[g]);
        assert_int_equal(stats.reclaimed_by_collector[g], expected->reclaimed[g]);
    }
    assert_int_equal(stats.objects_allocated, OBJECTS);
    assert_int_equal(stats.reclaimed_by_count, 0);
}

static mm *heap_of_cpython(void)
{
    if (has_option("quarter_rule"))
        return heap_open("threshold0=700,threshold1=10,threshold2=10,quarter_rule=on,automatic=on");
    return heap_open("threshold0=700,threshold1=10,threshold2=10,automatic=on");
}

/* Rings, each dropped as soon as it is closed. */
static void run_rings(const figures *expected)
{
    mm *m = heap_of_cpython();

    for (uint32_t made = 0; made < OBJECTS; made += expected->ring) {
        MM_VAR(m, ring);
        new_ring(m, ring, expected->ring);
    }
    assert_figures(m, expected);
    heap_end(m);
}

static void rings_die_in_the_same_generations_as_in_cpython(mm *m)
{
    static const figures rings[] = {
        {1, {1298, 118, 10}, {909897, 82718, 7010}},   {2, {1298, 118, 10}, {908600, 83890, 7118}},
        {20, {1298, 118, 10}, {885280, 105120, 9060}}, {1000, {1298, 118, 10}, {0, 874000, 117000}},
        {20000, {1298, 118, 10}, {0, 0, 920000}},
    };

    (void)m;
    for (size_t i = 0; i < sizeof rings / sizeof *rings; i++)
        run_rings(rings + i);
}

/* a = N(); b = N(); a.a = b; b.a = a — in a loop: each turn's pair lives until its names are
 * assigned again. */
static void reassigned_pairs_die_in_the_same_generations_as_in_cpython(mm *m)
{
    static const figures pairs = {2, {1298, 118, 10}, {906004, 86250, 7336}};
    mm *other = heap_of_cpython();

    (void)m;
    {
        MM_VARS(other, v, 2);
        for (uint32_t i = 0; i < OBJECTS / 2; i++)
            new_pair(other, v, v + 1);
        assert_figures(other, &pairs);
    }
    heap_end(other);
}

int test_reference_figures(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rings_die_in_the_same_generations_as_in_cpython),
        TEST(reassigned_pairs_die_in_the_same_generations_as_in_cpython),
    };

    return has_counted_generations() ? TESTS_RUN("CPython's figures", tests) : 0;
}
