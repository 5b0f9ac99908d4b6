/* Files that are written whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/file.h"

/* Each test has an empty folder of its own. */
static char folder[64];

static int make_folder(void **state)
{
    const char *base = getenv("TMPDIR");

    (void)state;
    snprintf(folder, sizeof folder, "%.40s/reclaim-XXXXXX", base != NULL ? base : "/tmp");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static const char *inside(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* The names in the folder but one, which may be NULL. */
static int others_in_folder(const char *except)
{
    DIR *listing = opendir(folder);
    int others = 0;

    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
        others += entry->d_name[0] != '.' && (except == NULL || strcmp(entry->d_name, except) != 0);
    closedir(listing);
    return others;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(inside("file"));
    return rmdir(folder);
}

static void assert_content(const char *path, const char *expected)
{
    char content[64] = "";
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    assert_int_equal(fread(content, 1, sizeof content - 1, file), strlen(expected));
    fclose(file);
    assert_string_equal(content, expected);
}

static void a_new_file_has_the_whole_content(void **state)
{
    (void)state;
    assert_true(file_write_whole(inside("file"), "hello", 5));
    assert_content(inside("file"), "hello");
    assert_int_equal(others_in_folder("file"), 0);
}

static void an_old_file_is_replaced(void **state)
{
    (void)state;
    assert_true(file_write_whole(inside("file"), "a longer content", 16));
    assert_true(file_write_whole(inside("file"), "new", 3));
    assert_content(inside("file"), "new");
}

static void an_empty_file_is_a_file(void **state)
{
    (void)state;
    assert_true(file_write_whole(inside("file"), "", 0));
    assert_content(inside("file"), "");
}

static void a_link_stays_and_leads_to_the_new_content(void **state)
{
    struct stat link;

    (void)state;
    assert_true(file_write_whole(inside("there"), "old", 3));
    assert_int_equal(symlink("there", inside("file")), 0);
    assert_true(file_write_whole(inside("file"), "new", 3));
    assert_int_equal(lstat(inside("file"), &link), 0);
    assert_true(S_ISLNK(link.st_mode));
    assert_content(inside("there"), "new");
    assert_int_equal(others_in_folder("there"), 1);
    assert_int_equal(unlink(inside("there")), 0);
}

/* /dev/stdout and the like must not become files. */
static void a_pipe_is_written_to_and_stays(void **state)
{
    struct stat pipe;
    char content[8] = "";
    int reader;

    (void)state;
    assert_int_equal(mkfifo(inside("file"), 0600), 0);
    reader = open(inside("file"), O_RDWR | O_CLOEXEC);
    assert_true(reader >= 0);
    assert_true(file_write_whole(inside("file"), "hello", 5));
    assert_int_equal(stat(inside("file"), &pipe), 0);
    assert_true(S_ISFIFO(pipe.st_mode));
    assert_int_equal(read(reader, content, sizeof content), 5);
    assert_string_equal(content, "hello");
    close(reader);
}

static void a_missing_folder_is_reported(void **state)
{
    (void)state;
    errno = 0;
    assert_false(file_write_whole(inside("missing/file"), "hello", 5));
    assert_int_equal(errno, ENOENT);
    assert_int_equal(others_in_folder(NULL), 0);
}

/* A folder stands where the file should: the content was written, and must not stay behind beside
 * it. */
static void an_obstacle_leaves_nothing_behind(void **state)
{
    (void)state;
    assert_int_equal(mkdir(inside("file"), 0777), 0);
    errno = 0;
    assert_false(file_write_whole(inside("file"), "hello", 5));
    assert_int_equal(errno, EISDIR);
    assert_int_equal(others_in_folder("file"), 0);
    assert_int_equal(rmdir(inside("file")), 0);
}

static void an_unwritable_folder_is_reported(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip(); /* nothing is unwritable to root */
    assert_int_equal(chmod(folder, 0500), 0);
    errno = 0;
    const bool written = file_write_whole(inside("file"), "hello", 5);
    const int reason = errno;
    chmod(folder, 0700);
    assert_false(written);
    assert_int_equal(reason, EACCES);
}

static void a_path_that_is_too_long_is_reported(void **state)
{
    char path[5000];

    (void)state;
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    errno = 0;
    assert_false(file_write_whole(path, "hello", 5));
    assert_int_equal(errno, ENAMETOOLONG);
}

enum { LARGE = 1 << 20 };

/* Writes more than there is room for over an old file; it must be left alone. */
static void assert_old_file_survives(int expected_errno)
{
    char *bytes = calloc(1, LARGE);
    bool written;
    int reason;

    assert_non_null(bytes);
    errno = 0;
    written = file_write_whole(inside("file"), bytes, LARGE);
    reason = errno;
    free(bytes);
    assert_false(written);
    assert_int_equal(reason, expected_errno);
    assert_content(inside("file"), "old");
    assert_int_equal(others_in_folder("file"), 0);
}

/* A limit on file sizes stops a write half-way, as a full disk does. */
static void a_write_that_stops_half_way_leaves_the_old_file(void **state)
{
    struct rlimit before, small;

    (void)state;
    assert_true(file_write_whole(inside("file"), "old", 3));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = LARGE / 2, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_old_file_survives(EFBIG);
    setrlimit(RLIMIT_FSIZE, &before);
}

static void a_full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    if (geteuid() != 0 || mount("tmpfs", folder, "tmpfs", 0, "size=64k") != 0)
        skip(); /* a small disk takes root's rights */
    assert_true(file_write_whole(inside("file"), "old", 3));
    assert_old_file_survives(ENOSPC);
    umount(folder);
}

static void the_program_knows_its_folder(void **state)
{
    char found[4096], path[5000];

    (void)state;
    assert_true(file_program_folder(found, sizeof found));
    snprintf(path, sizeof path, "%s/test_file", found);
    assert_int_equal(access(path, X_OK), 0);
}

int main(void)
{
#define FILE_TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        FILE_TEST(a_new_file_has_the_whole_content),
        FILE_TEST(an_old_file_is_replaced),
        FILE_TEST(an_empty_file_is_a_file),
        FILE_TEST(a_link_stays_and_leads_to_the_new_content),
        FILE_TEST(a_pipe_is_written_to_and_stays),
        FILE_TEST(a_missing_folder_is_reported),
        FILE_TEST(an_obstacle_leaves_nothing_behind),
        FILE_TEST(an_unwritable_folder_is_reported),
        FILE_TEST(a_path_that_is_too_long_is_reported),
        FILE_TEST(a_write_that_stops_half_way_leaves_the_old_file),
        FILE_TEST(a_full_disk_leaves_the_old_file),
        cmocka_unit_test(the_program_knows_its_folder),
    };
    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
