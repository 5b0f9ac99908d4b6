#include "remaining.h"

#include <math.h>

#include "extras.h"
#include "json.h"
#include "status.h"
#include "text.h"

static bool is_bad(const json_t *record)
{
    return record != NULL && !status_is_timed(status_from_name(json_text_of(record, "status")));
}

static bool has_ended_badly(const plan *planned, const store *kept, size_t cell_index)
{
    for (size_t i = 0; i <= planned->repetitions; i++) {
        if (is_bad(*store_slot(kept, cell_index, i)))
            return true;
    }
    return false;
}

bool remaining_has(const plan *planned, const store *kept, size_t cell_index, size_t repetition)
{
    const cell *candidate = &planned->cells[cell_index];

    return candidate->skipped[0] == '\0' && (repetition > 0 || candidate->counted[0] != '\0') &&
           *store_slot(kept, cell_index, repetition) == NULL &&
           !has_ended_badly(planned, kept, cell_index);
}

bool remaining_has_extra(const plan *planned, const store *kept, size_t kind, size_t cell_index,
                         size_t number)
{
    if (planned->cells[cell_index].skipped[0] != '\0' ||
        !plan_has_extra(planned, kind, cell_index, number) ||
        *extras_slot(kept, kind, cell_index, number) != NULL ||
        has_ended_badly(planned, kept, cell_index))
        return false;
    for (size_t i = 0; i <= planned->extras[kind]; i++) {
        if (is_bad(*extras_slot(kept, kind, cell_index, i)))
            return false;
    }
    return true;
}

static size_t samples_of_cell(const plan *planned, const store *kept, size_t cell_index)
{
    size_t left = 0;

    for (size_t i = 0; i <= planned->repetitions; i++)
        left += remaining_has(planned, kept, cell_index, i);
    for (size_t kind = 0; kind < extra_kind_count; kind++) {
        for (size_t i = 0; i <= planned->extras[kind] && kept->extras[kind].count > 0; i++)
            left += remaining_has_extra(planned, kept, kind, cell_index, i);
    }
    return left;
}

size_t remaining_samples(const plan *planned, const store *kept)
{
    size_t left = 0;

    for (size_t i = 0; i < planned->cell_count; i++)
        left += samples_of_cell(planned, kept, i);
    return left;
}

/* The mean time of the samples of a cell, NAN when it has none. The counted one is as good as any
 * before the others. */
static double seconds_of_cell(const plan *planned, const store *kept, size_t cell_index)
{
    double sum = 0;
    size_t count = 0;

    for (size_t i = 0; i <= planned->repetitions; i++) {
        double seconds = json_number_of(*store_slot(kept, cell_index, i), "elapsed_s");
        if (!isnan(seconds)) {
            sum += seconds;
            count++;
        }
    }
    return count > 0 ? sum / (double)count : NAN;
}

char *remaining_sentence(size_t samples, const char *folder)
{
    return text_format("The run is not complete: %zu sample%s missing. "
                       "'reclaim run --resume %s' takes %s.",
                       samples, samples == 1 ? " is" : "s are", folder,
                       samples == 1 ? "it" : "them");
}

double remaining_seconds(const plan *planned, const store *kept)
{
    double known_seconds = 0, per_sample = 0;
    size_t known = 0, unknown = 0;

    for (size_t i = 0; i < planned->cell_count; i++) {
        size_t left = samples_of_cell(planned, kept, i);
        double seconds = seconds_of_cell(planned, kept, i);
        if (isnan(seconds)) {
            unknown += left;
        } else if (left > 0) {
            known_seconds += seconds * (double)left;
            per_sample += seconds;
            known++;
        }
    }
    return known > 0 ? known_seconds + per_sample / (double)known * (double)unknown : NAN;
}
