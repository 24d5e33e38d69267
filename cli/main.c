/* synapsnet: the program. Finds the command, parses its arguments, runs it. */
#include "command.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const command commands[] = {
    {"simulate", "celltypes|rates|spikes -o FILE", "Simulate a network whose true connectivity is known.",
     "celltypes: noisy tanh units with the connection statistics of four cortical cell types. rates: leaky rate units "
     "that excite or inhibit. spikes: integrate-and-fire neurons, seen through a calcium indicator or as spike counts.",
     "synapsnet simulate rates --neurons 60 --frames 6000 -o sim.h5", 1, 1, true, run_simulate},
    {"convert", "RECORDING -o FILE", "Write a recording in synapsnet's own HDF5 layout.",
     "The file opens without any option afterwards: rate, bins, trials and behaviour are in it.",
     "synapsnet convert suite2p/ --rate 30 -o recording.h5", 1, 1000000, true, run_convert},
    {"info", "RECORDING...", "Show what was understood of a recording.",
     "Reads it as a fit does, and prints neurons, frames, rate, trials, behaviour and what was left out. Of HDF5, "
     "MATLAB and npz files that are named as a whole, and of any file that is no recording by itself, also a tree of "
     "the arrays that it holds, unless --quiet.",
     "synapsnet info recording.npz:counts --bin 50ms", 1, 1000000, false, run_info},
    {"fit", "RECORDING... -o MODEL", "Fit a model to one or many recordings and score it on their test frames.",
     "Options are rarely needed: form and strength of the connectivity, loss and length of training are chosen on "
     "validation data. Ctrl-C stops and keeps a checkpoint; the same command with --resume goes on from there.",
     "synapsnet fit recording.h5 -o model.h5", 1, 1000000, true, run_fit},
    {"compare", "RECORDING...", "Fit SynapsNet and its rivals on the same frames: one table, with intervals.",
     "Every rival is tuned on the same train and validation frames. Differences are rival minus SynapsNet, with 95 % "
     "intervals.",
     "synapsnet compare recording.h5 --rivals linear,gru", 1, 1000000, false, run_compare},
    {"adapt", "MODEL RECORDING... -o NEW", "Adapt a model to a new recording, of other neurons: its decoder is kept.",
     "For a recording that is too short to be fitted from the start. The new model is of the new recording alone.",
     "synapsnet adapt model.h5 new.h5 -o new_model.h5", 2, 1000000, true, run_adapt},
    {"evaluate", "MODEL [RECORDING...]", "Score a model on the test frames, beside the baselines.",
     "Without a recording, that of the fit is read again, from the path that the model keeps.",
     "synapsnet evaluate model.h5", 1, 1000000, false, run_evaluate},
    {"forecast", "MODEL [RECORDING] -o FILE", "Forecast one step ahead and in free-running rollouts.",
     "Writes predicted and recorded activity of the test frames to an HDF5 file, and prints the error by horizon. "
     "Without a recording, that of the fit is read again.",
     "synapsnet forecast model.h5 --steps 20 -o forecast.h5", 1, 2, true, run_forecast},
    {"connectivity", "MODEL -o FILE", "Export who drives whom, with sign, as an array, a table or a graph.",
     "Row = receiver, column = sender. The name of FILE says what is written: .npy or .csv, the matrix; .edges.csv, a "
     "line for each significant edge; .h5, everything; .graphml, a graph.",
     "synapsnet connectivity model.h5 --lags 3 -o connectivity.csv", 1, 1, true, run_connectivity},
    {"perturb", "MODEL [RECORDING] --neuron ID [-o FILE]",
     "Stimulate a neuron of the model, or each in turn, and see how the others respond.",
     "A response is the mean difference between runs with and without the pulse, from many states of the test frames. "
     "FILE is .h5, .csv or .npy. Without a recording, that of the fit is read again.",
     "synapsnet perturb model.h5 --neuron 12 --steps 10 -o response.csv", 1, 2, false, run_perturb},
    {"report", "MODEL [RECORDING...] -o FILE", "Write one page with all figures, FILE.html, that needs no network.",
     "FILE.pdf, .svg or .png gives the main figures for a paper instead, .json the numbers behind them. Without a "
     "recording, that of the fit is read again.",
     "synapsnet report model.h5 -o report.html", 1, 1000000, true, run_report},
    {0},
};

const command *find_command(const char *name) {
    for (const command *c = commands; c->name; c++)
        if (!strcmp(c->name, name)) return c;
    return NULL;
}

static exit_code unknown_command(const char *name) {
    for (const command *c = commands; c->name; c++) {
        size_t n = strlen(name);
        if ((n >= 3 && !strncmp(c->name, name, n)) || !strncmp(c->name, name, strlen(c->name) - 1))
            return misuse("unknown command '%s'; did you mean '%s'?", name, c->name);
    }
    return misuse("unknown command '%s'; 'synapsnet help' lists the commands", name);
}

static exit_code help_on(const char *name, void (*print)(FILE *, const command *)) {
    const command *c = find_command(name);
    if (!c) return unknown_command(name);
    print(stdout, c);
    return DONE;
}

static void print_names(void) {
    for (const command *c = commands; c->name; c++) puts(c->name);
}

/* help [COMMAND], and what installation and documentation are made of: help --man [COMMAND], --completion SHELL, ... */
static exit_code run_help(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "", *which = argc > 2 ? argv[2] : NULL;
    if (!*what) {
        print_overview(stdout);
    } else if (!strcmp(what, "--man")) {
        if (which) return help_on(which, print_command_manual);
        print_manual(stdout);
    } else if (!strcmp(what, "--markdown")) {
        print_markdown(stdout);
    } else if (!strcmp(what, "--commands")) {
        print_names();
    } else if (!strcmp(what, "--completion")) {
        if (!which || !print_completion(stdout, which))
            return misuse("help --completion: found '%s'; expected bash, zsh or fish", which ? which : "");
    } else {
        return help_on(what, print_command_help);
    }
    return DONE;
}

static void print_version(void) {
    printf("synapsnet %s\n", syn_version());
    const char *info = syn_build_info();
    size_t n = strlen(info);
    printf("%s%s", info, n && info[n - 1] != '\n' ? "\n" : "");
}

static bool same_file(const char *a, const char *b) {
    struct stat sa, sb;
    return !stat(a, &sa) && !stat(b, &sb) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

/* A path of a folder, or one that ends like it. */
static bool names_folder(const char *path) {
    struct stat found;
    const size_t length = strlen(path);
    return (length > 0 && path[length - 1] == '/') || (!stat(path, &found) && S_ISDIR(found.st_mode));
}

static bool names_device(const char *path) {
    struct stat found;
    return !stat(path, &found) && !S_ISREG(found.st_mode);
}

/* A fit can run for hours: find out now, not then, that its output cannot be written or would replace its input. */
static exit_code check_output(const arguments *a) {
    for (int k = 0; k < a->n_operands; k++)
        if (same_file(a->output, a->operand[k]))
            return misuse("--output: '%s' is also read; expected another file", a->output);
    if (names_folder(a->output)) {
        fprintf(stderr, "synapsnet: %s: is a folder; expected the name of a file, in it or elsewhere\n", a->output);
        return FAILED;
    }
    if (names_device(a->output)) {
        fprintf(stderr, "synapsnet: %s: is a device or a pipe; expected the name of a file\n", a->output);
        return FAILED;
    }
    char *copy = strdup(a->output);
    if (!copy) return FAILED;
    const char *folder = dirname(copy);
    int code = access(folder, W_OK | X_OK);
    if (code) fprintf(stderr, "synapsnet: %s: cannot write into folder '%s': %s\n", a->output, folder, strerror(errno));
    free(copy);
    return code ? FAILED : DONE;
}

static exit_code check_operands(const command *c, const arguments *a) {
    const char *usage = c->operands;
    if (a->n_operands < c->min_operands)
        return misuse("%s: missing %.*s; usage: synapsnet %s %s", c->name, (int)strcspn(usage, " ."), usage, c->name,
                      usage);
    if (a->n_operands > c->max_operands)
        return misuse("%s: unexpected '%s'; usage: synapsnet %s %s", c->name, a->operand[c->max_operands], c->name,
                      usage);
    if (c->needs_output && !a->output)
        return misuse("%s: missing -o FILE; usage: synapsnet %s %s", c->name, c->name, usage);
    return a->output ? check_output(a) : DONE;
}

static exit_code run_command(const command *c, int argc, char **argv) {
    arguments a = {0};
    exit_code code = parse_arguments(c, argc, argv, &a);
    if (code == DONE && a.help) {
        print_command_help(stdout, c);
    } else if (code == DONE) {
        code = check_operands(c, &a);
        if (code == DONE) code = c->run(&a);
    }
    free_arguments(&a);
    return code;
}

static exit_code dispatch(int argc, char **argv) {
    if (argc < 2) {
        print_overview(stderr);
        return MISUSE;
    }
    const char *name = argv[1];
    if (!strcmp(name, "help") || !strcmp(name, "--help") || !strcmp(name, "-h")) return run_help(argc - 1, argv + 1);
    if (!strcmp(name, "--version") || !strcmp(name, "version")) {
        print_version();
        return DONE;
    }
    if (*name == '-') return misuse("expected a command before '%s'; 'synapsnet help' lists the commands", name);
    const command *c = find_command(name);
    return c ? run_command(c, argc - 1, argv + 1) : unknown_command(name);
}

/* Two libraries read their settings when they are loaded, so a wrong one can only be put right by starting again:
 * OpenBLAS its core type, and GCC's OpenMP how long an idle thread spins, which by default is so long that a busy
 * machine spends most of its time on it. What the user has set stays; the second run finds both set. */
static void start_again_with_right_libraries(char **argv) {
    const char *core = syn_blas_core_type();
    bool again = core && setenv("OPENBLAS_CORETYPE", core, 0) == 0;
    if (!getenv("GOMP_SPINCOUNT") && !getenv("OMP_WAIT_POLICY")) again |= setenv("GOMP_SPINCOUNT", "1000", 0) == 0;
    if (again) execv("/proc/self/exe", argv);
}

int main(int argc, char **argv) {
    start_again_with_right_libraries(argv);
    exit_code code = dispatch(argc, argv);
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "synapsnet: standard output: %s\n", strerror(errno));
        return FAILED;
    }
    return (int)code;
}
