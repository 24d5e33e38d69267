/* Help, manual pages and docs/options.md, all written from the option table and the table of commands. */
#include <ctype.h>
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
const char *value_placeholder(const syn_option_info *o) {
    if (!strcmp(o->type, "flag")) return "";
    if (!strcmp(o->type, "int")) return "N";
    if (!strcmp(o->type, "real")) return "X";
    if (!strcmp(o->type, "time")) return "TIME";
    if (*o->choices) return o->choices;
    return strstr(o->help, "FILE:NAME") ? "FILE:NAME" : "FILE";
}

static void write_name(const syn_option_info *o, char *text, size_t size) {
    const char *value = value_placeholder(o);
    snprintf(text, size, "%s--%s%s%s", strcmp(o->name, "output") ? "" : "-o, ", o->name, *value ? " " : "", value);
}

/* The options of a command in three groups: what all commands take, what says how to read a recording, its own. */
typedef enum option_group { OWN, READING, GENERAL, N_GROUPS } option_group;

static option_group group_of(const syn_option_info *o) {
    if (!takes_option("info", o)) return OWN;
    return takes_option("simulate", o) ? GENERAL : READING;
}

static bool starts_from_model(const command *c) { return !strncmp(c->operands, "MODEL", strlen("MODEL")); }

/* A recording has to be read first; one for a model is read as that of the fit, and its own options matter more. */
static option_group group_at(const command *c, int place) {
    static const option_group order[2][N_GROUPS] = {{READING, OWN, GENERAL}, {OWN, READING, GENERAL}};
    return order[starts_from_model(c)][place];
}

static const char *group_title(const command *c, option_group group) {
    if (group == OWN) return "Options of this command";
    if (group == GENERAL) return "In every command";
    return starts_from_model(c) ? "How to read a recording, where not as in the fit" : "How to read a recording";
}

/* The next option of a group of a command from number *k of the table on, which moves past it; NULL after the last. */
static const syn_option_info *next_option(const command *c, option_group group, size_t *k) {
    const syn_option_info *o;
    while ((o = syn_option_at((*k)++)))
        if (takes_option(c->name, o) && group_of(o) == group) return o;
    return NULL;
}

static void describe_option(const syn_option_info *o, char *text, size_t size) {
    char note[192];
    describe_default(o, note, sizeof note);
    snprintf(text, size, "%s%s%s", o->help, *note ? " " : "", note);
}

static const char about_recordings[] =
    "A RECORDING is a file or a folder: NWB, suite2p, Kilosort/phy, MATLAB, NumPy, CSV, HDF5, found by content; "
    "FILE:NAME is an array inside a file.";

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

static void print_option_group(FILE *file, const command *c, option_group group) {
    const syn_option_info *o;
    bool any = false;
    for (size_t k = 0; (o = next_option(c, group, &k)); any = true) {
        char name[256], help[1024];
        if (!any) fprintf(file, "\n%s:\n", group_title(c, group));
        write_name(o, name, sizeof name);
        describe_option(o, help, sizeof help);
        print_entry(file, name, help, OPTION_INDENT);
    }
    if (group == GENERAL) print_entry(file, "-h, --help", "Show this text.", OPTION_INDENT);
}

void print_command_help(FILE *file, const command *c) {
    fprintf(file, "Usage: synapsnet %s %s [OPTIONS]\n\n", c->name, c->operands);
    print_wrapped(file, c->summary, 0);
    fputc('\n', file);
    print_wrapped(file, c->details, 0);
    for (int place = 0; place < N_GROUPS; place++) print_option_group(file, c, group_at(c, place));
    fprintf(file, "\nExample:\n  %s\n", c->example);
}

void print_overview(FILE *file) {
    fputs("synapsnet forecasts a recorded population of neurons and reads off who drives whom.\n\n"
          "Usage: synapsnet COMMAND ...\n\nCommands, in the order of the data flow:\n",
          file);
    for (const command *c = commands; c->name; c++) print_entry(file, c->name, c->summary, COMMAND_INDENT);
    print_entry(file, "help COMMAND", "Show the options of a command (also: COMMAND --help).", COMMAND_INDENT);
    print_entry(file, "--version", "Show the version and what will run on this machine.", COMMAND_INDENT);
    fputs("\nFirst steps:\n  synapsnet info RECORDING\n  synapsnet fit RECORDING -o model.h5\n"
          "  synapsnet report model.h5 -o report.html\n\n",
          file);
    print_wrapped(file, about_recordings, 0);
    fputs("Exit status: 0 done, 1 failed, 2 misuse.\n", file);
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

static void print_groff_head(FILE *file, const char *title, const char *summary) {
    fputs(".TH ", file);
    for (const char *p = title; *p; p++) fputc(toupper((unsigned char)*p), file);
    fprintf(file, " 1 \"\" \"synapsnet %s\" \"User Commands\"\n.SH NAME\n%s \\- ", syn_version(), title);
    print_groff(file, summary);
    fputs("\n.SH SYNOPSIS\n", file);
}

static const char exit_status[] =
    ".SH EXIT STATUS\n0 done, 1 failed (one line on standard error says why), 2 misuse.\n";

void print_manual(FILE *file) {
    print_groff_head(file, "synapsnet", "forecast a recorded population of neurons and read off who drives whom");
    fputs(".B synapsnet\n.I COMMAND\n.RI [ OPTIONS ]\n.SH DESCRIPTION\n", file);
    print_groff(file, about_recordings);
    fputs("\n.SH COMMANDS\n", file);
    for (const command *c = commands; c->name; c++) {
        char page[64];
        snprintf(page, sizeof page, "synapsnet-%s(1)", c->name);
        print_groff_item(file, page, c->summary);
    }
    print_groff_item(file, "synapsnet help COMMAND", "Show the options of a command.");
    print_groff_item(file, "synapsnet --version", "Show the version and what will run on this machine.");
    fputs(exit_status, file);
}

static void print_groff_group(FILE *file, const command *c, option_group group) {
    const syn_option_info *o;
    for (size_t k = 0, n = 0; (o = next_option(c, group, &k)); n++) {
        char name[256], help[1024];
        if (n == 0) fprintf(file, ".SS %s\n", group_title(c, group));
        write_name(o, name, sizeof name);
        describe_option(o, help, sizeof help);
        print_groff_item(file, name, help);
    }
}

void print_command_manual(FILE *file, const command *c) {
    char title[64];
    snprintf(title, sizeof title, "synapsnet-%s", c->name);
    print_groff_head(file, title, c->summary);
    fprintf(file, ".B synapsnet %s\n", c->name);
    print_groff(file, c->operands);
    fputs("\n.RI [ OPTIONS ]\n.SH DESCRIPTION\n", file);
    print_groff(file, c->details);
    fputs("\n.SH OPTIONS\n", file);
    for (int place = 0; place < N_GROUPS; place++) print_groff_group(file, c, group_at(c, place));
    fputs(exit_status, file);
    fputs(".SH EXAMPLE\n.nf\n", file);
    print_groff(file, c->example);
    fputs("\n.fi\n.SH SEE ALSO\n.BR synapsnet (1)\n", file);
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

static void print_markdown_command(FILE *file, const command *c) {
    fprintf(file, "\n### %s\n\n    synapsnet %s %s [OPTIONS]\n\n%s %s For example:\n\n    %s\n", c->name, c->name,
            c->operands, c->summary, c->details, c->example);
}

/* One table: what stands for the value, the meaning, and which commands take it. */
static void print_markdown_options(FILE *file, const char *title, option_group group) {
    const syn_option_info *o;
    fprintf(file, "\n### %s\n\n| option | meaning | commands |\n|---|---|---|\n", title);
    for (size_t k = 0; (o = syn_option_at(k)); k++) {
        if (group_of(o) != group) continue;
        bool choice = !strcmp(o->type, "choice");
        const char *value = choice ? "" : value_placeholder(o);
        char name[128], meaning[1024], help[768];
        snprintf(name, sizeof name, "`--%s%s%s`", o->name, *value ? " " : "", value);
        describe_option(o, help, sizeof help);
        snprintf(meaning, sizeof meaning, "%s%s%s%s", choice ? "`" : "", choice ? o->choices : "", choice ? "`: " : "",
                 help);
        fputs("|", file);
        print_cell(file, name);
        print_cell(file, meaning);
        print_cell(file, o->commands);
        fputc('\n', file);
    }
}

void print_markdown(FILE *file) {
    fputs("# Commands and options\n\nWritten by `synapsnet help --markdown` from the option table; do not edit.\n\n"
          "## Commands\n\n`synapsnet COMMAND --help` and `man synapsnet-COMMAND` list the options of a command.\n",
          file);
    for (const command *c = commands; c->name; c++) print_markdown_command(file, c);
    fputs(
        "\n## Options\n\n"
        "The same names and values serve the command line (`--hidden 32`), configuration files (`hidden = 32`, read "
        "with `--config`)\nand `syn_options_set(options, \"hidden\", \"32\")` in C; in Python they are keywords, with "
        "`_` for `-`. [Choosing options](choosing-options.md) says\nwhich of them you may need.\n",
        file);
    print_markdown_options(file, "Reading a recording", READING);
    print_markdown_options(file, "Of single commands", OWN);
    print_markdown_options(file, "Of every command", GENERAL);
}
