/* Texts of any bytes become UTF-8 that JSON takes, and UTF-8 stays as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void becomes_utf8(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"caf\xc3\xa9 \xe7\xa5\x9e \xf0\x9f\xa7\xa0", "caf\xc3\xa9 \xe7\xa5\x9e \xf0\x9f\xa7\xa0"},
        {"caf\xe9", "caf\xc3\xa9"},
        {"\x80\xbf\xc0\xff", "\xc2\x80\xc2\xbf\xc3\x80\xc3\xbf"},
        {"\xe9\xc3\xa9", "\xc3\xa9\xc3\xa9"},                             /* both in one text */
        {"\xc0\xaf", "\xc3\x80\xc2\xaf"},                                 /* overlong */
        {"\xe0\x9f\xbf", "\xc3\xa0\xc2\x9f\xc2\xbf"},                     /* overlong */
        {"\xed\xa0\x80", "\xc3\xad\xc2\xa0\xc2\x80"},                     /* half of a pair of UTF-16 */
        {"\xf4\x90\x80\x80", "\xc3\xb4\xc2\x90\xc2\x80\xc2\x80"},         /* beyond U+10FFFF */
        {"\xf4\x8f\xbf\xbf\xee\x80\x80", "\xf4\x8f\xbf\xbf\xee\x80\x80"}, /* the last there is */
        {"\xe7\xa5", "\xc3\xa7\xc2\xa5"},                                 /* cut off */
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char *text;
        json_t *json = syn_text_json(cases[k].text);
        assert_int_equal(syn_copy_utf8(&text, cases[k].text), SYN_OK);
        assert_string_equal(text, cases[k].expected);
        assert_non_null(json);
        assert_string_equal(json_string_value(json), cases[k].expected);
        json_decref(json);
        free(text);
    }
}

static void in_place(void **state) {
    (void)state;
    char *text[] = {strdup("ok"), strdup("\xfc"), NULL}, *kept = text[0];
    assert_int_equal(syn_make_all_utf8(text, 3), SYN_OK);
    assert_ptr_equal(text[0], kept);
    assert_string_equal(text[1], "\xc3\xbc");
    assert_null(text[2]);
    assert_int_equal(syn_make_all_utf8(NULL, 3), SYN_OK);
    free(text[0]), free(text[1]);
}

/* No character is cut, what is no UTF-8 or fits stays, and nothing is written beyond the end. */
static void is_cut_between_characters(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int kept[8]; /* of 0, 1, ... bytes */
    } cases[] = {
        {"", {0, 0, 0, 0, 0, 0, 0, 0}},
        {"plain", {0, 1, 2, 3, 4, 5, 5, 5}},
        {"a\xc3\xa9z", {0, 1, 1, 3, 4, 4, 4, 4}},
        {"\xe7\xa5\x9e\xe7\xa5\x9e", {0, 0, 0, 3, 3, 3, 6, 6}},
        {"x\xf0\x9f\xa7\xa0", {0, 1, 1, 1, 1, 5, 5, 5}},
        {"\xa5\xa5\xa5\xa5\xa5", {0, 1, 2, 3, 4, 5, 5, 5}},
        {"\xe9", {0, 1, 1, 1, 1, 1, 1, 1}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (size_t most = 0; most < 8; most++) {
            char out[16];
            memset(out, '#', sizeof out);
            assert_int_equal(syn_cut(cases[k].text, most), cases[k].kept[most]);
            assert_int_equal(syn_print_text(out, most + 1, "%s", cases[k].text), cases[k].kept[most]);
            assert_int_equal(strlen(out), cases[k].kept[most]);
            assert_memory_equal(out, cases[k].text, strlen(out));
            assert_int_equal(out[most + 1], '#');
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(becomes_utf8), cmocka_unit_test(in_place),
                                       cmocka_unit_test(is_cut_between_characters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
