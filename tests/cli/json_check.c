/* json_check FILE [PATH...]: whether FILE holds exactly one JSON object and nothing else. Prints the value at each PATH
 * ("test.mse", "warnings.0"); fails where there is none. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *member(json_t *value, const char *key) {
    return json_is_array(value) ? json_array_get(value, strtoul(key, NULL, 10)) : json_object_get(value, key);
}

static json_t *find(json_t *value, char *path) {
    char *rest;
    for (char *key = strtok_r(path, ".", &rest); key && value; key = strtok_r(NULL, ".", &rest))
        value = member(value, key);
    return value;
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    json_error_t error;
    json_t *root = json_load_file(argv[1], JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(root)) {
        fprintf(stderr, "%s:%d: %s\n", argv[1], error.line, root ? "not an object" : error.text);
        return 1;
    }
    int missing = 0;
    for (int k = 2; k < argc; k++) {
        json_t *value = find(root, argv[k]);
        if (!value) missing = 1;
        if (json_is_string(value))
            puts(json_string_value(value));
        else if (value) {
            json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_COMPACT);
            putchar('\n');
        }
    }
    json_decref(root);
    return missing;
}
