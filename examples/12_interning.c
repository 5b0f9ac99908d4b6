/* Equal words are one object, and what everybody uses never dies. */
#include "example.h"
#include "workloads/containers.h"

/* The one object for this text; made when it is asked for first. */
static void intern(mm *m, table *words, mm_type word, const char *text, mm_var *dst)
{
    uint64_t key = 0;

    for (const char *letter = text; *letter != '\0'; letter++)
        key = workload_checksum(key, (uint64_t)*letter);
    table_get(m, words, key, dst);
    if (!mm_is_null(dst))
        return;
    new_named(m, dst, word, 0, text);
    must(table_put(m, words, key, dst));
}

void story(mm *m)
{
    MM_VAR(m, storage);
    MM_VARS(m, name, 3);
    table words = table_on(storage, new_type(m, "table", NULL));
    mm_type word = new_type(m, "word", NULL);
    uint64_t count;

    intern(m, &words, word, "self", name);
    intern(m, &words, word, "self", name + 1);
    new_named(m, name + 2, word, 0, "self");
    printf("interned: %s\n", mm_same(name, name + 1) ? "the same object" : "two objects");
    printf("not:      %s\n", mm_same(name, name + 2) ? "the same object" : "two objects");
    must(mm_immortalise(m, name));
    mm_set(m, name + 2, name);
    must(mm_refcount(m, name, &count));
    printf("counted:  %s\n", count == MM_IMMORTAL ? "no more" : "still");
}
