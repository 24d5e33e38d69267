/* The command line, parsed by what the library's option table says about each option. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

enum { MAX_OPTIONS = 128, FIRST_OPTION = 256 /* getopt's value of option 0; above every character */ };

bool takes_option(const char *name, const syn_option_info *option) {
    size_t n = strlen(name);
    for (const char *p = option->commands; *p;) {
        size_t length = strcspn(p, " ");
        if (length == n && !strncmp(p, name, n)) return true;
        p += length + strspn(p + length, " ");
    }
    return false;
}

/* getopt's list of the options of the command, ended by zeros. Names stay valid: they are in the option table. */
static void list_options(const command *c, struct option options[MAX_OPTIONS + 2]) {
    int n = 0;
    const syn_option_info *info;
    for (int k = 0; (info = syn_option_at((size_t)k)) && n < MAX_OPTIONS; k++)
        if (takes_option(c->name, info))
            options[n++] = (struct option){info->name, strcmp(info->type, "flag") ? required_argument : no_argument,
                                           NULL, FIRST_OPTION + k};
    options[n++] = (struct option){"help", no_argument, NULL, 'h'};
    options[n] = (struct option){0};
}

static exit_code unknown_option(const command *c, const char *word) {
    char name[128];
    const char *start = word + strspn(word, "-");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(start, "="), start);
    const syn_option_info *info;
    for (size_t k = 0; (info = syn_option_at(k)); k++)
        if (!strcmp(info->name, name))
            return misuse("%s does not take --%s; it is an option of: %s", c->name, name, info->commands);
    const char *near = syn_option_nearest(name, c->name);
    if (near) return misuse("%s: unknown option '%s'; did you mean '--%s'?", c->name, word, near);
    return misuse("%s: unknown option '%s'; 'synapsnet %s --help' lists its options", c->name, word, c->name);
}

static exit_code bad_option(const command *c, int argc, char **argv, int returned) {
    const char *word = argv[optind > 1 && optind <= argc ? optind - 1 : argc - 1];
    if (returned == ':') return misuse("%s: %s needs a value", c->name, word);
    if (optopt >= FIRST_OPTION) return misuse("%s: %.*s takes no value", c->name, (int)strcspn(word, "="), word);
    if (optopt) {
        char letter[3] = {'-', (char)optopt, 0};
        return unknown_option(c, letter);
    }
    return unknown_option(c, word);
}

typedef struct setting {
    const char *name, *value;
} setting;

static const char *value_of(const setting *settings, int n, const char *name) {
    for (int k = n - 1; k >= 0; k--)
        if (!strcmp(settings[k].name, name)) return settings[k].value;
    return NULL;
}

/* The configuration file first, then the command line, which so has the last word. */
static exit_code apply(const setting *settings, int n, syn_options *options) {
    const char *config = value_of(settings, n, "config");
    syn_status status = config ? syn_options_read(options, config) : SYN_OK;
    for (int k = 0; k < n && status == SYN_OK; k++)
        status = syn_options_set(options, settings[k].name, settings[k].value);
    return status == SYN_OK ? DONE : failure(status);
}

bool is_set(const syn_options *options, const char *flag) {
    static const char *const yes[] = {"yes", "true", "on", "1"};
    const char *value = syn_options_get(options, flag);
    for (size_t k = 0; value && k < sizeof yes / sizeof *yes; k++)
        if (!strcmp(value, yes[k])) return true;
    return false;
}

static bool takes_output(const command *c) {
    const syn_option_info *info = syn_option_at(0);
    for (size_t k = 0; info && strcmp(info->name, "output"); k++) info = syn_option_at(k + 1);
    return info && takes_option(c->name, info);
}

exit_code parse_arguments(const command *c, int argc, char **argv, arguments *parsed) {
    struct option options[MAX_OPTIONS + 2];
    list_options(c, options);
    setting *settings = calloc((size_t)argc, sizeof *settings);
    parsed->argc = argc;
    parsed->argv = calloc((size_t)argc, sizeof *argv);
    if (parsed->argv) memcpy(parsed->argv, argv, (size_t)argc * sizeof *argv); /* getopt moves operands to the end */
    if (!settings || !parsed->argv || syn_options_create(&parsed->options) != SYN_OK) {
        free(settings);
        return failure(SYN_ERR_MEMORY);
    }
    int n = 0;
    exit_code code = DONE;
    opterr = 0;
    int found;
    while (code == DONE && (found = getopt_long(argc, argv, takes_output(c) ? ":ho:" : ":h", options, NULL)) != -1) {
        if (found == 'h')
            parsed->help = true;
        else if (found == 'o')
            settings[n++] = (setting){"output", optarg};
        else if (found >= FIRST_OPTION)
            settings[n++] = (setting){syn_option_at((size_t)(found - FIRST_OPTION))->name, optarg ? optarg : "yes"};
        else
            code = bad_option(c, argc, argv, found);
    }
    if (code == DONE && !parsed->help) code = apply(settings, n, parsed->options);
    free(settings);
    if (code != DONE || parsed->help) return code;

    const char *output = syn_options_get(parsed->options, "output");
    parsed->output = takes_output(c) && output && *output ? output : NULL;
    parsed->json = is_set(parsed->options, "json");
    parsed->quiet = is_set(parsed->options, "quiet");
    parsed->operand = argv + optind;
    parsed->n_operands = argc - optind;
    return DONE;
}

void free_arguments(arguments *parsed) {
    syn_options_free(parsed->options);
    free(parsed->argv);
}
