/* Shell completion for bash, zsh and fish, written from the option table and the table of commands. */
#include <string.h>

#include "command.h"

static const char written_by[] = "written by `synapsnet help --completion` from the option table.";

static bool is_type(const syn_option_info *o, const char *type) { return strcmp(o->type, type) == 0; }

static bool is_number(const syn_option_info *o) {
    return is_type(o, "int") || is_type(o, "real") || is_type(o, "time");
}

/* Whether its value is a file. */
static bool takes_file(const syn_option_info *o) { return strstr(value_placeholder(o), "FILE") != NULL; }

/* "auto|gaussian" as words. */
static void print_choices(FILE *file, const char *choices) {
    for (const char *p = choices; *p; p++) fputc(*p == '|' ? ' ' : *p, file);
}

/* The kinds of a simulation are the one operand that is a choice; all others are files. */
static bool operand_is_choice(const command *c) { return strchr(c->operands, '|') != NULL; }

static void print_operand_choices(FILE *file, const command *c) {
    char choices[64];
    snprintf(choices, sizeof choices, "%.*s", (int)strcspn(c->operands, " "), c->operands);
    print_choices(file, choices);
}

/* ---- bash */

static void print_bash_choices(FILE *file, const syn_option_info *o) {
    if (!is_type(o, "choice")) return;
    fprintf(file, "    --%s) words=\"", o->name);
    print_choices(file, o->choices);
    fputs("\" ;;\n", file);
}

static void print_bash_options(FILE *file, const command *c) {
    const syn_option_info *o;
    fprintf(file, "    %s) words=\"--help", c->name);
    for (size_t k = 0; (o = syn_option_at(k)); k++)
        if (takes_option(c->name, o)) fprintf(file, " --%s", o->name);
    fputs("\" ;;\n", file);
}

static void print_bash(FILE *file) {
    const syn_option_info *o;
    fprintf(file,
            "# Completion of synapsnet for bash, %s\n"
            "_synapsnet() {\n"
            "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\"\"\n"
            "    COMPREPLY=()\n"
            "    case $before in\n",
            written_by);
    for (size_t k = 0; (o = syn_option_at(k)); k++) print_bash_choices(file, o);
    fputs("    synapsnet|*/synapsnet|help) words=\"help", file);
    for (const command *c = commands; c->name; c++) fprintf(file, " %s", c->name);
    fputs("\" ;;\n", file);
    for (const command *c = commands; c->name; c++) {
        if (!operand_is_choice(c)) continue;
        fprintf(file, "    %s) words=\"", c->name);
        print_operand_choices(file, c);
        fputs("\" ;;\n", file);
    }
    fputs("    esac\n"
          "    if [[ -z $words && $word == -* ]]; then\n    case ${COMP_WORDS[1]} in\n",
          file);
    for (const command *c = commands; c->name; c++) print_bash_options(file, c);
    fputs("    esac\n    fi\n"
          "    # where nothing is offered, readline offers files\n"
          "    if [[ -n $words ]]; then COMPREPLY=($(compgen -W \"$words\" -- \"$word\")); fi\n"
          "}\n"
          "complete -o default -F _synapsnet synapsnet\n",
          file);
}

/* ---- zsh */

/* Text inside single quotes, with a backslash before each character of `special`. */
static void print_quoted(FILE *file, const char *text, const char *special) {
    for (const char *p = text; *p; p++) {
        if (*p == '\'')
            fputs("'\\'", file);
        else if (strchr(special, *p))
            fputc('\\', file);
        fputc(*p, file);
    }
}

static void print_zsh_option(FILE *file, const syn_option_info *o) {
    bool output = strcmp(o->name, "output") == 0;
    fputs(" \\\n            ", file);
    if (output) fputs("'(-o --output)'{-o,--output}", file);
    fputc('\'', file);
    if (is_type(o, "list")) fputc('*', file);
    if (!output) fprintf(file, "--%s", o->name);
    fputc('[', file);
    print_quoted(file, o->help, "[]:\\");
    fputc(']', file);
    if (!is_type(o, "flag")) fprintf(file, ":%s:", o->name);
    if (is_type(o, "choice")) {
        fputc('(', file);
        print_choices(file, o->choices);
        fputc(')', file);
    } else if (takes_file(o)) {
        fputs("_files", file);
    }
    fputc('\'', file);
}

static void print_zsh_command(FILE *file, const command *c) {
    const syn_option_info *o;
    fprintf(file, "    %s)\n        _arguments '--help[Show the options.]'", c->name);
    for (size_t k = 0; (o = syn_option_at(k)); k++)
        if (takes_option(c->name, o)) print_zsh_option(file, o);
    fputs(" \\\n            '*: :", file);
    if (operand_is_choice(c)) {
        fputc('(', file);
        print_operand_choices(file, c);
        fputc(')', file);
    } else {
        fputs("_files", file);
    }
    fputs("' ;;\n", file);
}

static void print_zsh(FILE *file) {
    fprintf(file,
            "#compdef synapsnet\n# Completion of synapsnet for zsh, %s\n"
            "_synapsnet() {\n"
            "    local -a names=(\n        'help:Show the options of a command.'\n",
            written_by);
    for (const command *c = commands; c->name; c++) {
        fprintf(file, "        '%s:", c->name);
        print_quoted(file, c->summary, ":\\");
        fputs("'\n", file);
    }
    fputs("    )\n"
          "    if (( CURRENT == 2 )) || [[ $words[2] == help ]]; then _describe command names; return; fi\n"
          "    shift words\n    (( CURRENT-- ))\n"
          "    case $words[1] in\n",
          file);
    for (const command *c = commands; c->name; c++) print_zsh_command(file, c);
    fputs("    esac\n}\n_synapsnet \"$@\"\n", file);
}

/* ---- fish */

static void print_fish_option(FILE *file, const command *c, const syn_option_info *o) {
    fprintf(file, "complete -c synapsnet -n '__fish_seen_subcommand_from %s' -l %s", c->name, o->name);
    if (!strcmp(o->name, "output")) fputs(" -s o", file);
    if (takes_file(o)) fputs(" -rF", file);
    if (is_number(o)) fputs(" -x", file);
    if (is_type(o, "choice")) {
        fputs(" -x -a '", file);
        print_choices(file, o->choices);
        fputc('\'', file);
    }
    fputs(" -d '", file);
    for (const char *p = o->help; *p; p++) {
        if (*p == '\'' || *p == '\\') fputc('\\', file);
        fputc(*p, file);
    }
    fputs("'\n", file);
}

static void print_fish_command(FILE *file, const command *c) {
    const syn_option_info *o;
    fprintf(
        file,
        "complete -c synapsnet -f -n '__fish_use_subcommand; or __fish_seen_subcommand_from help' -a %s -d \"%s\"\n",
        c->name, c->summary);
    if (operand_is_choice(c)) {
        fprintf(file, "complete -c synapsnet -f -n '__fish_seen_subcommand_from %s' -a '", c->name);
        print_operand_choices(file, c);
        fputs("'\n", file);
    }
    for (size_t k = 0; (o = syn_option_at(k)); k++)
        if (takes_option(c->name, o)) print_fish_option(file, c, o);
}

static void print_fish(FILE *file) {
    fprintf(file,
            "# Completion of synapsnet for fish, %s\n"
            "complete -c synapsnet -f -n __fish_use_subcommand -a help -d 'Show the options of a command.'\n",
            written_by);
    for (const command *c = commands; c->name; c++) print_fish_command(file, c);
}

bool print_completion(FILE *file, const char *shell) {
    static const struct {
        const char *shell;
        void (*print)(FILE *file);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    for (size_t k = 0; k < sizeof shells / sizeof *shells; k++) {
        if (strcmp(shells[k].shell, shell) != 0) continue;
        shells[k].print(file);
        return true;
    }
    return false;
}
