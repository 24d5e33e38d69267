# The Debian package, made by CPack from the preset `deb` (scripts/deb.sh).
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME synapsnet)
set(CPACK_PACKAGE_VENDOR "The synapsnet authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "forecast recorded neurons and read off who drives whom")
set(CPACK_PACKAGE_DESCRIPTION
    "Fits a SynapsNet (arXiv 2411.08221) to a calcium or spike recording: a model
that predicts every neuron one frame ahead, and a signed, directed connectivity
between the neurons. Reads NWB, suite2p, Kilosort/phy, MATLAB, NumPy, CSV and
HDF5.
.
This package holds the program, the C library and what one builds with it.")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                                                WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The synapsnet authors <synapsnet@example.org>")
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/triggers)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/compress.cmake)
include(CPack)

set(doc ${CMAKE_INSTALL_DATADIR}/doc/synapsnet)
install(FILES cmake/debian/copyright DESTINATION ${doc})
install(FILES CHANGELOG.md DESTINATION ${doc} RENAME changelog)
install(FILES cmake/debian/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME synapsnet)
string(TIMESTAMP today "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(cmake/debian/changelog.in changelog.Debian @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/changelog.Debian DESTINATION ${doc})
