/* Layout, native byte order: magic, fingerprint; of the search: finished stages, kept parameters, their curves, the
 * running trainer; of its repeats: what is kept of the finished ones, and the running one as another search; XXH64 of
 * everything before.
 */
#include "training/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/memory.h"

static const char magic[16] = "synapsnet ckpt 9";

/* A file that is written or read by the same code: transfer() moves bytes one way or the other and hashes them. */
typedef struct stream {
    FILE *file;
    const char *path;
    bool writing;
    XXH64_state_t *hash;
} stream;

static syn_status transfer(stream *s, void *data, size_t size) {
    if (size == 0) return SYN_OK;
    size_t moved = s->writing ? fwrite(data, 1, size, s->file) : fread(data, 1, size, s->file);
    if (moved != size)
        return s->writing
                   ? syn_fail(SYN_ERR_IO, "%s: could not be written: %s", s->path, strerror(errno))
                   : syn_fail(SYN_ERR_INPUT, "%s: the checkpoint ends too early; delete it and fit again", s->path);
    XXH64_update(s->hash, data, size);
    return SYN_OK;
}

#define MOVE(s, field) SYN_TRY(transfer(s, &(field), sizeof(field)))

/* Parameters, or NULL. On reading, *p is created for the search's data. */
static syn_status move_parameters(stream *s, const syn_search *search, syn_parameters **p) {
    int shape[6] = {0}; /* present, H, d, b, form, rank */
    if (*p) {
        const int here[6] = {1, (*p)->H, (*p)->d, (*p)->b, (int)(*p)->form, (*p)->rank};
        memcpy(shape, here, sizeof shape);
    }
    MOVE(s, shape);
    if (s->writing ? !*p : !shape[0]) return SYN_OK;
    if (!s->writing) {
        SYN_TRY(syn_parameters_create_for(p, shape[1], shape[2], shape[3], (syn_form)shape[4], shape[5], search->data));
        SYN_TRY(syn_attach_support(*p, &search->settings));
    }
    MOVE(s, (*p)->correction);
    return transfer(s, (*p)->value, (*p)->count * sizeof(float));
}

static syn_status move_curve(stream *s, syn_epoch_losses **curve, int epochs) {
    if (epochs && !s->writing && !*curve) SYN_TRY(syn_alloc(curve, (size_t)epochs, sizeof **curve, "training curve"));
    return transfer(s, *curve, (size_t)epochs * sizeof **curve);
}

static syn_status move_trainer(stream *s, syn_search *search) {
    bool running = search->trainer;
    MOVE(s, running);
    if (!running) return SYN_OK;
    syn_parameters *p = search->trainer ? search->trainer->p : NULL;
    syn_schedule schedule = search->trainer ? search->trainer->schedule : (syn_schedule){0};
    MOVE(s, search->running);
    MOVE(s, schedule);
    syn_status status = move_parameters(s, search, &p);
    if (status != SYN_OK) {
        if (!s->writing) syn_parameters_free(p);
        return status;
    }
    if (!s->writing) {
        syn_stage stage = search->running;
        if (!p) return syn_fail(SYN_ERR_INPUT, "%s: holds no weights; delete it and fit again", s->path);
        SYN_TRY(syn_search_train(search, &stage, p, &schedule));
    }
    syn_trainer *t = search->trainer;
    MOVE(s, t->best_loss);
    MOVE(s, t->best_epoch);
    MOVE(s, t->epoch);
    MOVE(s, t->optimiser.step);
    float *const arrays[] = {t->best, t->optimiser.average, t->optimiser.moment, t->optimiser.square};
    for (int k = 0; k < 4; k++) SYN_TRY(transfer(s, arrays[k], t->p->count * sizeof(float)));
    return move_curve(s, &t->curve, t->epoch);
}

static syn_status move_search(stream *s, syn_search *search) {
    MOVE(s, search->n_stages);
    MOVE(s, search->stage);
    MOVE(s, search->none_loss);
    MOVE(s, search->ablation_loss);
    MOVE(s, search->best_loss);
    SYN_TRY(move_parameters(s, search, &search->none));
    SYN_TRY(move_parameters(s, search, &search->ablation));
    SYN_TRY(move_parameters(s, search, &search->best));
    for (int k = 0; k < search->n_stages; k++) {
        SYN_TRY(move_curve(s, &search->curve[k], search->stage[k].epochs));
        SYN_TRY(move_parameters(s, search, &search->member[k]));
    }
    MOVE(s, search->finished);
    MOVE(s, search->connectivity_ahead);
    MOVE(s, search->blend_loss);
    MOVE(s, search->blend_share);
    SYN_TRY(move_parameters(s, search, &search->blend));
    return move_trainer(s, search);
}

/* On reading, no more repeats than are asked for. */
static syn_status move_repeats(stream *s, syn_repeats *repeats) {
    int done = repeats->done;
    bool running = repeats->running;
    MOVE(s, done);
    for (int k = 0; k < done; k++) {
        if (k == repeats->asked) return SYN_OK;
        if (!s->writing) {
            SYN_TRY(syn_alloc(&repeats->kept[k], repeats->length, sizeof **repeats->kept, "repeats"));
            repeats->done = k + 1;
        }
        SYN_TRY(transfer(s, repeats->kept[k], repeats->length * sizeof **repeats->kept));
    }
    MOVE(s, running);
    if (!running || done == repeats->asked) return SYN_OK;
    if (!s->writing) SYN_TRY(syn_repeats_begin(repeats));
    return move_search(s, repeats->running);
}

static syn_status move_all(stream *s, syn_search *search, syn_repeats *repeats) {
    char head[sizeof magic];
    uint64_t fingerprint = search->fingerprint;
    memcpy(head, magic, sizeof head);
    MOVE(s, head);
    if (memcmp(head, magic, sizeof head) != 0)
        return syn_fail(SYN_ERR_INPUT, "%s: is not a checkpoint of this version; delete it and fit again", s->path);
    MOVE(s, fingerprint);
    if (fingerprint != search->fingerprint)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: the checkpoint is of a fit with other data or options; use the same ones, or delete it",
                        s->path);
    SYN_TRY(move_search(s, search));
    return move_repeats(s, repeats);
}

/* Appends the checksum, or compares it. */
static syn_status move_checksum(stream *s) {
    uint64_t sum = XXH64_digest(s->hash), found = sum;
    SYN_TRY(transfer(s, &found, sizeof found));
    if (found != sum)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: the checkpoint is damaged (its checksum does not match); delete it and fit again",
                        s->path);
    return SYN_OK;
}

/* The whole file against its checksum, before any of it is believed. */
static syn_status check_file(const char *path) {
    stream s = {.file = fopen(path, "rb"), .path = path, .hash = XXH64_createState()};
    char block[65536];
    uint64_t found = 0;
    syn_status status = SYN_OK;
    long size = -1;
    if (!s.file || !s.hash) {
        status = syn_fail(SYN_ERR_IO, "%s: could not be opened: %s", path, strerror(errno));
        goto done;
    }
    XXH64_reset(s.hash, 0);
    if (fseek(s.file, 0, SEEK_END) == 0) size = ftell(s.file);
    rewind(s.file);
    for (long left = size - (long)sizeof found; left > 0;) {
        size_t part = (size_t)left < sizeof block ? (size_t)left : sizeof block;
        SYN_CHECK(transfer(&s, block, part));
        left -= (long)part;
    }
    SYN_CHECK(move_checksum(&s));
done:
    if (s.file) fclose(s.file);
    XXH64_freeState(s.hash);
    return status;
}

syn_status syn_checkpoint_write(const syn_search *search, const syn_repeats *repeats, const char *path) {
    char *temporary = NULL;
    stream s = {.path = path, .writing = true, .hash = XXH64_createState()};
    syn_status status;
    SYN_CHECK(syn_file_begin(&temporary, path));
    s.file = fopen(temporary, "wb");
    if (!s.file || !s.hash) {
        status = syn_fail(SYN_ERR_IO, "%s: could not be written: %s", path, strerror(errno));
        goto done;
    }
    XXH64_reset(s.hash, 0);
    SYN_CHECK(move_all(&s, (syn_search *)search, (syn_repeats *)repeats)); /* only read from when writing */
    SYN_CHECK(move_checksum(&s));
    int failed = fclose(s.file);
    s.file = NULL;
    if (failed) {
        status = syn_fail(SYN_ERR_IO, "%s: could not be written: %s", path, strerror(errno));
        goto done;
    }
    SYN_CHECK(syn_file_commit(temporary, path));
done:
    if (s.file) fclose(s.file);
    XXH64_freeState(s.hash);
    syn_file_end(temporary);
    return status;
}

syn_status syn_checkpoint_read(syn_search *search, syn_repeats *repeats, const char *path) {
    SYN_TRY(check_file(path));
    stream s = {.file = fopen(path, "rb"), .path = path, .hash = XXH64_createState()};
    syn_status status;
    if (!s.file || !s.hash) {
        status = syn_fail(SYN_ERR_IO, "%s: could not be opened: %s", path, strerror(errno));
        goto done;
    }
    XXH64_reset(s.hash, 0);
    SYN_CHECK(move_all(&s, search, repeats));
done:
    if (s.file) fclose(s.file);
    XXH64_freeState(s.hash);
    return status;
}
