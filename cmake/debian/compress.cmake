# Run by CPack on what goes into the package: Debian wants manual pages and lists of changes compressed.
file(GLOB_RECURSE files LIST_DIRECTORIES false ${CPACK_TEMPORARY_DIRECTORY}/*)
list(FILTER files INCLUDE REGEX "/man1/[^/]*\\.1$|/changelog(\\.Debian)?$")
execute_process(COMMAND gzip -9n ${files} COMMAND_ERROR_IS_FATAL ANY)
