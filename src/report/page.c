/* The page: a frame of HTML whose marks `<!--NAME-->` are replaced by style, scripts and data. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/plain.h"
#include "report/report.h"

/* Files of src/report/page and third_party/plotly, put into the library by cmake/Assets.cmake. */
#define SYN_ASSET_LIST(X) X(frame) X(style) X(data_js) X(theme_js) X(figures_js) X(connectivity_js) X(main_js) X(plotly)
#define X(name) extern const char syn_asset_##name[], syn_asset_##name##_end[];
SYN_ASSET_LIST(X)
#undef X

typedef struct asset {
    const char *start, *end;
} asset;
#define ASSET(name)                                                                                                    \
    (asset) { syn_asset_##name, syn_asset_##name##_end }

static void write_asset(FILE *file, asset a) { fwrite(a.start, 1, (size_t)(a.end - a.start), file); }

/* JSON within a <script>: "</" could end it and "<!--" begin a comment, so "<" is written as its escape. */
static int write_escaped(const char *buffer, size_t size, void *user) {
    FILE *file = user;
    for (size_t k = 0, run; k < size; k += run + 1) {
        const char *hit = memchr(buffer + k, '<', size - k);
        run = hit ? (size_t)(hit - buffer) - k : size - k;
        fwrite(buffer + k, 1, run, file);
        if (hit) fputs("\\u003c", file);
    }
    return ferror(file) ? -1 : 0;
}

static void write_scripts(FILE *file) {
    const asset scripts[] = {ASSET(data_js), ASSET(theme_js), ASSET(figures_js), ASSET(connectivity_js),
                             ASSET(main_js)};
    for (size_t k = 0; k < sizeof scripts / sizeof *scripts; k++) write_asset(file, scripts[k]);
}

static syn_status write_plotly(FILE *file) {
    const asset plotly = ASSET(plotly);
    json_t *text = syn_base64_json(plotly.start, (size_t)(plotly.end - plotly.start));
    if (!text) return syn_fail(SYN_ERR_MEMORY, "not enough memory for the report");
    fputs(json_string_value(text), file);
    json_decref(text);
    return SYN_OK;
}

static syn_status write_part(FILE *file, const char *name, size_t length, const json_t *data) {
    if (!strncmp(name, "STYLE", length)) write_asset(file, ASSET(style));
    if (!strncmp(name, "SCRIPTS", length)) write_scripts(file);
    if (!strncmp(name, "DATA", length))
        json_dump_callback(data, write_escaped, file, JSON_COMPACT | JSON_REAL_PRECISION(9));
    return !strncmp(name, "PLOTLY", length) ? write_plotly(file) : SYN_OK;
}

static syn_status write_frame(FILE *file, const json_t *data) {
    static const char open[] = "<!--", close[] = "-->";
    const asset frame = ASSET(frame); /* a NUL follows it */
    const char *at = frame.start;
    for (const char *mark; (mark = strstr(at, open));) {
        const char *name = mark + sizeof open - 1, *end = strstr(name, close);
        if (!end) break;
        write_asset(file, (asset){at, mark});
        SYN_TRY(write_part(file, name, (size_t)(end - name), data));
        at = end + sizeof close - 1;
    }
    write_asset(file, (asset){at, frame.end});
    return SYN_OK;
}

syn_status syn_report_write_page(const syn_report *report, const char *path) {
    json_t *data = NULL;
    FILE *file = NULL;
    syn_status status;
    SYN_CHECK(syn_report_json(report, &data));
    file = fopen(path, "wb");
    if (!file) SYN_CHECK(syn_plain_failed(path));
    SYN_CHECK(write_frame(file, data));
    status = syn_plain_close(file, path);
    file = NULL;
done:
    if (file) fclose(file);
    json_decref(data);
    return status;
}
