/* The progress line of a fit and its interruption. */
#include <signal.h>
#include <string.h>

#include "command.h"

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal) {
    (void)signal;
    interrupted = 1;
}

void catch_interrupt(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    action.sa_flags = (int)SA_RESETHAND | SA_RESTART; /* the next one finds the default: the program ends */
    sigaction(SIGINT, &action, NULL);
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

int show_progress(const syn_progress *p, void *user) {
    const bool *shown = user;
    if (!*shown) return interrupted;
    fputc('\r', stderr);
    if (p->candidates > 1) fprintf(stderr, "[%d/%d] ", p->candidate, p->candidates);
    fprintf(stderr, "%s  ", p->stage);
    if (p->max_epochs > 0)
        fprintf(stderr, "epoch %d/%d  train %.4f  validation %.4f  best %.4f  ", p->epoch, p->max_epochs, p->train_loss,
                p->validation_loss, p->best_loss);
    print_duration(p->elapsed_s);
    fputs(", left ", stderr);
    print_duration(p->eta_s);
    fputs("\033[K", stderr); /* clears what a longer line left */
    if (interrupted) fputs("\nstopping; interrupt again to end at once", stderr);
    fflush(stderr);
    return interrupted;
}

void end_progress(bool shown) {
    if (shown) fputs("\r\033[K", stderr);
}
