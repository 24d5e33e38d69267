# The public header as Doxygen wants it: a comment that starts a line is documentation of what follows, one behind a member
# of that member, and every ruled heading starts a group, called after its first word.
/^\/\* -----/ { in_heading = 1; next }
in_heading && /^ \* -----/ { print " * @{ */"; in_heading = 0; next }
in_heading == 1 {
    match($0, /[A-Za-z]+/)
    title = substr($0, RSTART, RLENGTH)
    if (groups++) print "/** @} */"
    print "/** @defgroup " tolower(title) " " title
    sub(/^ \* [A-Za-z]+:?/, " * ")
    in_heading = 2
}
NR > 1 && /^\/\* / { sub(/^\/\* /, "/** ") }
/^    [^ \/].*[;,] *\/\* .*\*\/$/ { sub(/\/\* /, "/**< ") }
# The list of statuses and their texts, which the header writes once, becomes the enumeration that it makes.
/^#define SYN_STATUS_LIST/ { next }
/^    X\(SYN_/ {
    split($0, part, "[(,\"]")
    statuses[++n] = "    " part[2] ", /**< " part[4] " */"
    next
}
/^#(define|undef) X/ { next }
/^    SYN_STATUS_LIST\(X\)/ { for (k = 1; k <= n; k++) print statuses[k]; next }
# Sphinx takes a struct and its typedef of the same name for two things.
/^typedef (struct|enum) [a-z_]+ \{/ { sub(/^typedef /, "") }
/^\} [a-z_]+;$/ { $0 = "};" }
/^#ifdef __cplusplus/ && groups { print "/** @} */" }
{ print }
