/* Help, manual page and docs/options.md, all written from the option table and the table of commands. */
#include <string.h>

#include "command.h"

enum { WIDTH = 80, OPTION_INDENT = 26, COMMAND_INDENT = 16 };

/* "Default: 50ms (0.0001 to 60 s)." or "" where there is nothing to say. */
static void describe_default(const syn_option_info *o, char *text, size_t size) {
    char range[64] = "";
    const char *dots = strstr(o->choices, "..");
    if (dots && dots[2])
        snprintf(range, sizeof range, "%.*s to %s", (int)(dots - o->choices), o->choices, dots + 2);
    else if (dots)
        snprintf(range, sizeof range, "at least %.*s", (int)(dots - o->choices), o->choices);
    if (*range && *o->unit) snprintf(range + strlen(range), sizeof range - strlen(range), " %s", o->unit);

    bool has_default = *o->default_value && strcmp(o->type, "flag");
    if (has_default && *range)
        snprintf(text, size, "Default: %s (%s).", o->default_value, range);
    else if (has_default)
        snprintf(text, size, "Default: %s.", o->default_value);
    else
        snprintf(text, size, "%s%s%s", *range ? "Value: " : "", range, *range ? "." : "");
}

/* What stands for the value: "N", "TIME", "auto|gaussian|poisson"; "" for a flag. */
static const char *placeholder(const syn_option_info *o) {
    if (!strcmp(o->type, "flag")) return "";
    if (!strcmp(o->type, "choice")) return o->choices;
    if (!strcmp(o->type, "int")) return "N";
    if (!strcmp(o->type, "real")) return "X";
    if (!strcmp(o->type, "time")) return "TIME";
    return strstr(o->help, "FILE:NAME") ? "FILE:NAME" : "FILE";
}

static void write_name(const syn_option_info *o, char *text, size_t size) {
    snprintf(text, size, "%s--%s%s%s", strcmp(o->name, "output") ? "" : "-o, ", o->name, *placeholder(o) ? " " : "",
             placeholder(o));
}

/* Words of text, wrapped at WIDTH; the cursor already stands at column `indent`, where every line starts. */
static void print_wrapped(FILE *file, const char *text, int indent) {
    int column = indent;
    bool first = true;
    for (const char *p = text; *(p += strspn(p, " "));) {
        int length = (int)strcspn(p, " ");
        if (!first && column + 1 + length > WIDTH) {
            fprintf(file, "\n%*s", indent, "");
            column = indent;
            first = true;
        }
        fprintf(file, "%s%.*s", first ? "" : " ", length, p);
        column += length + !first;
        first = false;
        p += length;
    }
    fputc('\n', file);
}

static void print_entry(FILE *file, const char *name, const char *help, int indent) {
    int column = fprintf(file, "  %s", name);
    if (column > indent - 2) {
        fputc('\n', file);
        column = 0;
    }
    fprintf(file, "%*s", indent - column, "");
    print_wrapped(file, help, indent);
}

void print_command_help(FILE *file, const command *c) {
    fprintf(file, "Usage: synapsnet %s %s [OPTIONS]\n\n%s\n\nOptions:\n", c->name, c->operands, c->summary);
    const syn_option_info *o;
    for (size_t k = 0; (o = syn_option_at(k)); k++) {
        if (!takes_option(c->name, o)) continue;
        char name[256], note[192], help[1024];
        write_name(o, name, sizeof name);
        describe_default(o, note, sizeof note);
        snprintf(help, sizeof help, "%s %s", o->help, note);
        print_entry(file, name, help, OPTION_INDENT);
    }
    print_entry(file, "-h, --help", "Show this text.", OPTION_INDENT);
    fprintf(file, "\nExample:\n  %s\n", c->example);
}

void print_overview(FILE *file) {
    fputs("synapsnet forecasts a recorded population of neurons and reads off who drives whom.\n\n"
          "Usage: synapsnet COMMAND ...\n\nCommands, in the order of the data flow:\n",
          file);
    for (const command *c = commands; c->name; c++) print_entry(file, c->name, c->summary, COMMAND_INDENT);
    print_entry(file, "help COMMAND", "Show the options of a command (also: COMMAND --help).", COMMAND_INDENT);
    print_entry(file, "--version", "Show the version and what will run on this machine.", COMMAND_INDENT);
    fputs("\nA RECORDING is a file or folder, or FILE:NAME for an array inside a file.\n"
          "Exit status: 0 done, 1 failed, 2 misuse.\n",
          file);
}

/* Text for groff: hyphens that stay hyphens, no line that looks like a request. */
static void print_groff(FILE *file, const char *text) {
    for (const char *p = text; *p; p++) {
        if (*p == '-')
            fputs("\\-", file);
        else if (*p == '\\')
            fputs("\\e", file);
        else if ((*p == '.' || *p == '\'') && p == text)
            fprintf(file, "\\&%c", *p);
        else
            fputc(*p, file);
    }
}

static void print_groff_item(FILE *file, const char *label, const char *text) {
    fputs(".TP\n.B ", file);
    print_groff(file, label);
    fputc('\n', file);
    print_groff(file, text);
    fputc('\n', file);
}

void print_manual(FILE *file) {
    fprintf(file, ".TH SYNAPSNET 1 \"\" \"synapsnet %s\" \"User Commands\"\n", syn_version());
    fputs(".SH NAME\nsynapsnet \\- forecast a recorded population of neurons and read off who drives whom\n"
          ".SH SYNOPSIS\n",
          file);
    for (const command *c = commands; c->name; c++) {
        fprintf(file, ".B synapsnet %s\n", c->name);
        print_groff(file, c->operands);
        fputs("\n.RI [ OPTIONS ]\n.br\n", file);
    }
    fputs(".SH COMMANDS\n", file);
    for (const command *c = commands; c->name; c++) print_groff_item(file, c->name, c->summary);
    fputs(".SH OPTIONS\n", file);
    const syn_option_info *o;
    for (size_t k = 0; (o = syn_option_at(k)); k++) {
        char name[256], note[192], help[1024];
        write_name(o, name, sizeof name);
        describe_default(o, note, sizeof note);
        snprintf(help, sizeof help, "%s %s%s(%s)", o->help, note, *note ? " " : "", o->commands);
        print_groff_item(file, name, help);
    }
    fputs(".SH EXIT STATUS\n0 done, 1 failed (one line on standard error says why), 2 misuse.\n.SH EXAMPLES\n.nf\n",
          file);
    for (const command *c = commands; c->name; c++) {
        print_groff(file, c->example);
        fputc('\n', file);
    }
    fputs(".fi\n", file);
}

/* Text for a cell of a Markdown table. */
static void print_cell(FILE *file, const char *text) {
    fputs(" ", file);
    for (const char *p = text; *p; p++) {
        if (*p == '|') fputc('\\', file);
        fputc(*p, file);
    }
    fputs(" |", file);
}

void print_markdown(FILE *file) {
    fputs("# Options\n\nWritten by `synapsnet help --markdown` from the option table; do not edit.\n\n"
          "The same names and values serve the command line (`--hidden 32`), configuration files (`hidden = 32`, read "
          "with `--config`)\nand `syn_options_set(options, \"hidden\", \"32\")` in C.\n\n"
          "| option | value | default | unit | commands | meaning |\n|---|---|---|---|---|---|\n",
          file);
    const syn_option_info *o;
    for (size_t k = 0; (o = syn_option_at(k)); k++) {
        char name[64], value[128];
        snprintf(name, sizeof name, "`%s`", o->name);
        fputs("|", file);
        print_cell(file, name);
        bool number = strstr(o->choices, "..") != NULL;
        snprintf(value, sizeof value, "%s%s%s", number || !*o->choices ? o->type : "", number ? " " : "", o->choices);
        print_cell(file, value);
        print_cell(file, o->default_value);
        print_cell(file, o->unit);
        print_cell(file, o->commands);
        print_cell(file, o->help);
        fputc('\n', file);
    }
}
