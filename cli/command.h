/* The commands of the program and what they share. The program uses the public header of the library and nothing else
 * of it. To add a command: a file NAME.c with run_NAME(), a row in main.c's table, its name in the commands column of
 * the options it takes (src/base/option_table.h). Help, manual page and parsing follow from those.
 */
#ifndef SYN_CLI_COMMAND_H
#define SYN_CLI_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "synapsnet/synapsnet.h"

typedef enum exit_code { DONE = 0, FAILED = 1, MISUSE = 2 } exit_code;

typedef struct arguments {
    syn_options *options;
    char **operand; /* what is left when options are taken out */
    int n_operands;
    const char *output; /* value of --output, NULL if not given */
    bool help, json, quiet;
    int argc; /* the whole command line as it was given, to show it again */
    char **argv;
} arguments;

typedef struct command {
    const char *name;
    const char *operands; /* as shown in the usage line */
    const char *summary;  /* one sentence */
    const char *details;  /* a few more: what a newcomer has to know */
    const char *example;  /* one line */
    int min_operands, max_operands;
    bool needs_output;
    exit_code (*run)(const arguments *a);
} command;

/* The commands in the order of the data flow, ended by one without a name. */
extern const command commands[];
const command *find_command(const char *name);

exit_code run_info(const arguments *a);
exit_code run_convert(const arguments *a);
exit_code run_simulate(const arguments *a);
exit_code run_fit(const arguments *a);
exit_code run_compare(const arguments *a);
exit_code run_adapt(const arguments *a);
exit_code run_evaluate(const arguments *a);
exit_code run_forecast(const arguments *a);
exit_code run_connectivity(const arguments *a);
exit_code run_perturb(const arguments *a);
exit_code run_report(const arguments *a);

/* arguments.c: fills `parsed` from the command line after the command's name. On misuse one line has been printed. */
exit_code parse_arguments(const command *c, int argc, char **argv, arguments *parsed);
void free_arguments(arguments *parsed);
/* Whether a flag is on. */
bool is_set(const syn_options *options, const char *flag);
/* Whether the command takes the option, by the option's list of commands. */
bool takes_option(const char *name, const syn_option_info *option);

/* help.c */
void print_overview(FILE *file);
void print_command_help(FILE *file, const command *c);
void print_manual(FILE *file); /* synapsnet.1 */
void print_command_manual(FILE *file, const command *c);
void print_markdown(FILE *file); /* docs/options.md */
const char *value_placeholder(const syn_option_info *o);

/* completion.c */
/* shell: "bash", "zsh" or "fish"; false for another. */
bool print_completion(FILE *file, const char *shell);

/* output.c */
/* Prints "synapsnet: LINE" on standard error. */
exit_code misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints the library's last error; the exit code that goes with it. */
exit_code failure(syn_status status);
/* The table of metrics in a JSON object {"test": {...}, "baselines": {NAME: {...}}, "sessions": [...]}: the main ones,
 * or all; then a line for each of several sessions. */
void print_metrics(const char *json, bool all);
/* The lines under "warnings" of a JSON object, on standard error, each only once in a run. */
void print_warnings(const char *json);

/* Says how to go on with a fit that was stopped: the command line with --resume. */
exit_code say_how_to_resume(const arguments *a);
/* failure() of a fit: one that was stopped, or that has left a checkpoint as where the disk is full, can be gone on
 * with. */
exit_code fit_failure(const arguments *a, syn_status status);
/* What a fit came to: from JSON of syn_model_describe(), which is printed as it is with --json, and freed. Where its
 * repeats were stopped, also how to go on with them, and the exit code says so. */
exit_code print_fit(const arguments *a, char *json);

/* input.c */
/* Opens all recordings named by the operands from `first` on and prints their warnings unless told to be quiet.
 * model: read as the model's recordings were, but for the options on the command line; or NULL. recordings: an array to
 * free with close_recordings. */
syn_status open_recordings(const arguments *a, int first, const syn_model *model, syn_recording ***recordings,
                           size_t *n);
void close_recordings(syn_recording **recordings, size_t n);

/* progress.c */
typedef struct progress_line {
    bool shown;     /* a line that changes: on a terminal */
    bool announced; /* the line that says what is fitted, once */
    size_t recordings;
    long long neurons, frames;
} progress_line;

/* From here on SIGINT and SIGTERM ask a fit to stop; a second one ends the program at once. */
progress_line begin_progress(const arguments *a, syn_recording *const *recordings, size_t n);
/* Functions of syn_progress_fn, with a progress_line as user: the epochs of a fit; which model is being fitted. */
int show_progress(const syn_progress *progress, void *user);
int show_model(const syn_progress *progress, void *user);
void end_progress(const progress_line *line);

#endif
