/* synapsnet info: what was understood of each recording. */
#include <stdlib.h>

#include "command.h"

/* One recording is one object; several are {"recordings": [...]}, so that there is one object in either case. */
exit_code run_info(const arguments *a) {
    syn_recording **recordings;
    size_t n;
    arguments quiet = *a;
    quiet.quiet = true; /* the descriptions hold the warnings */
    syn_status status = open_recordings(&quiet, 0, NULL, &recordings, &n);
    char **text = calloc(n + 1, sizeof *text);
    if (!text) status = SYN_ERR_MEMORY;
    for (size_t k = 0; k < n && status == SYN_OK; k++)
        status = syn_recording_describe(recordings[k], a->json, &text[k]);
    if (status == SYN_OK) {
        if (a->json && n > 1) fputs("{\"recordings\": [", stdout);
        for (size_t k = 0; k < n; k++) {
            if (k) fputs(a->json ? ", " : "\n", stdout);
            fputs(text[k], stdout);
        }
        if (a->json) puts(n > 1 ? "]}" : "");
    }
    for (size_t k = 0; text && k < n; k++) syn_free(text[k]);
    free(text);
    close_recordings(recordings, n);
    return status == SYN_OK ? DONE : failure(status);
}
