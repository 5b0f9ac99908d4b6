/* A file that is closed at a known place: when its scope ends, on every way out. */
#include "example.h"

static void close_file(mm *m, mm_var *file)
{
    printf("  close %s\n", name_of(m, file));
}

static bool copy_file(mm *m, mm_type file, bool disk_is_full)
{
    MM_RESOURCE(m, from, close_file);
    MM_RESOURCE(m, to, close_file);

    new_named(m, from, file, 0, "from");
    if (disk_is_full)
        return false;
    new_named(m, to, file, 0, "to");
    return true;
}

void story(mm *m)
{
    mm_type file = new_type(m, "file", NULL);

    printf("copy\n");
    copy_file(m, file, false);
    printf("copy to a full disk\n");
    copy_file(m, file, true);
    printf("objects: %lu\n", objects(m));
}
