/* The progress line of a fit and its interruption. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal) {
    (void)signal;
    interrupted = 1;
}

static void catch_interrupt(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    action.sa_flags = (int)SA_RESETHAND | SA_RESTART; /* the next one finds the default: the program ends */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL); /* what a cluster sends before it ends a job */
}

static void print_duration(double seconds) {
    if (!(seconds >= 0 && seconds < 1e9)) {
        fputs("?", stderr);
        return;
    }
    long s = (long)seconds;
    if (s >= 3600)
        fprintf(stderr, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        fprintf(stderr, "%ld:%02ld", s / 60, s % 60);
}

progress_line begin_progress(const arguments *a, syn_recording *const *recordings, size_t n) {
    progress_line line = {.shown = !a->quiet && isatty(STDERR_FILENO), .announced = a->quiet, .recordings = n};
    for (size_t k = 0; k < n; k++) {
        line.neurons += (long long)syn_recording_neurons(recordings[k]);
        line.frames += (long long)syn_recording_frames(recordings[k]);
    }
    catch_interrupt();
    return line;
}

/* So that the log of a job shows that it has begun, and on what. */
static void announce(progress_line *line, const syn_progress *p) {
    if (line->announced) return;
    line->announced = true;
    fprintf(stderr, "synapsnet: fitting %lld neuron%s over %lld frames", line->neurons, line->neurons == 1 ? "" : "s",
            line->frames);
    if (line->recordings > 1) fprintf(stderr, " of %zu recordings", line->recordings);
    if (p->candidates > 1) fprintf(stderr, ", %d or more candidates", p->candidates);
    fputc('\n', stderr);
}

int show_progress(const syn_progress *p, void *user) {
    progress_line *line = user;
    announce(line, p);
    if (!line->shown) return interrupted;
    fputc('\r', stderr);
    if (p->candidates > 1) fprintf(stderr, "[%d/%d] ", p->candidate, p->candidates);
    fprintf(stderr, "%s  ", p->stage);
    if (p->max_epochs > 0) fprintf(stderr, "epoch %d/%d  ", p->epoch, p->max_epochs);
    if (p->max_epochs > 0 && p->epoch > 0)
        fprintf(stderr, "train %.4f  validation %.4f  best %.4f  ", p->train_loss, p->validation_loss, p->best_loss);
    print_duration(p->elapsed_s);
    fputs(", left ", stderr);
    print_duration(p->eta_s);
    fputs("\033[K", stderr); /* clears what a longer line left */
    if (interrupted) fputs("\nstopping; interrupt again to end at once", stderr);
    fflush(stderr);
    return interrupted;
}

int show_model(const syn_progress *p, void *user) {
    progress_line *line = user;
    announce(line, p);
    if (line->shown) fprintf(stderr, "\r[%d/%d] %s, %.0f s\033[K", p->candidate, p->candidates, p->stage, p->elapsed_s);
    return interrupted;
}

void end_progress(const progress_line *line) {
    if (line->shown) fputs("\r\033[K", stderr);
}
