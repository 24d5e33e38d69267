# Puts files into a target as read-only bytes: syn_embed(target NAME=FILE ...) defines the hidden symbols syn_asset_NAME
# and syn_asset_NAME_end around the bytes of each FILE, which a NUL
# follows.
enable_language(ASM)

function(syn_embed target)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${target}_assets.s)
  set(text "\t.section .note.GNU-stack,\"\",%progbits\n\t.section .rodata\n")
  set(files "")
  foreach(item IN LISTS ARGN)
    string(REGEX MATCH "^([a-z_]+)=(.+)$" matched ${item})
    set(symbol syn_asset_${CMAKE_MATCH_1})
    get_filename_component(file ${CMAKE_MATCH_2} ABSOLUTE)
    list(APPEND files ${file})
    foreach(name IN ITEMS ${symbol} ${symbol}_end)
      string(APPEND text "\t.globl ${name}\n\t.hidden ${name}\n")
    endforeach()
    string(APPEND text "\t.balign 16\n${symbol}:\n\t.incbin \"${file}\"\n${symbol}_end:\n\t.byte 0\n")
  endforeach()
  file(CONFIGURE OUTPUT ${source} CONTENT "${text}" @ONLY)
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${files}")
  target_sources(${target} PRIVATE ${source})
endfunction()
