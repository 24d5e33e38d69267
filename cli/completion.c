/* Shell completion, written from the option table and the table of commands. */
#include <string.h>

#include "command.h"

/* "auto|gaussian" as words; nothing for a range of numbers or a free text. */
static void print_choices(FILE *file, const syn_option_info *o) {
    if (strcmp(o->type, "choice") != 0) return;
    fprintf(file, "    --%s) words=\"", o->name);
    for (const char *p = o->choices; *p; p++) fputc(*p == '|' ? ' ' : *p, file);
    fputs("\" ;;\n", file);
}

static void print_options(FILE *file, const command *c) {
    const syn_option_info *o;
    fprintf(file, "    %s) words=\"--help", c->name);
    for (size_t k = 0; (o = syn_option_at(k)); k++)
        if (takes_option(c->name, o)) fprintf(file, " --%s", o->name);
    fputs("\" ;;\n", file);
}

void print_bash_completion(FILE *file) {
    const syn_option_info *o;
    fputs("# Completion of synapsnet for bash, written by `synapsnet help --completion` from the option table.\n"
          "_synapsnet() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\"\"\n"
          "    COMPREPLY=()\n"
          "    case $before in\n",
          file);
    for (size_t k = 0; (o = syn_option_at(k)); k++) print_choices(file, o);
    fputs("    synapsnet|*/synapsnet|help) words=\"help", file);
    for (const command *c = commands; c->name; c++) fprintf(file, " %s", c->name);
    fputs("\" ;;\n    esac\n"
          "    if [[ -z $words && $word == -* ]]; then\n    case ${COMP_WORDS[1]} in\n",
          file);
    for (const command *c = commands; c->name; c++) print_options(file, c);
    fputs("    esac\n    fi\n"
          "    # where nothing is offered, readline offers files\n"
          "    if [[ -n $words ]]; then COMPREPLY=($(compgen -W \"$words\" -- \"$word\")); fi\n"
          "}\n"
          "complete -o default -F _synapsnet synapsnet\n",
          file);
}
