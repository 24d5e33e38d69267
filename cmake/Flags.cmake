# Compiler flags: warnings and sanitizers for everything (target syn_flags), instruction sets for the kernels.

add_library(syn_flags INTERFACE)
target_compile_options(syn_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion)
# Nobody reads errno after a square root, and one that may set it is not vectorised.
target_compile_options(syn_flags INTERFACE -fno-math-errno)
# A loop that clang does not vectorise, as with little optimisation under the sanitizers, is slower and not wrong.
# The page of the report is assembled, not compiled: clang warns of every flag that is for C alone.
target_compile_options(syn_flags INTERFACE "$<$<C_COMPILER_ID:Clang>:-Wno-pass-failed;-Wno-unused-command-line-argument>")
if(SYN_WERROR)
  target_compile_options(syn_flags INTERFACE -Werror)
endif()
if(SYN_SANITIZE)
  target_compile_options(syn_flags INTERFACE -fsanitize=${SYN_SANITIZE} -fno-sanitize-recover=all
                                             -fno-omit-frame-pointer)
  target_link_options(syn_flags INTERFACE -fsanitize=${SYN_SANITIZE})
endif()

# Gives every file of src/kernels the flags of a compute kernel and, by the end of its name, an instruction set.
# The variants are chosen at run time, so nothing else is compiled for more than the base instruction set. On other
# processors than x86 the x86 variants are taken off the list.
function(syn_kernel_flags sources)
  set(common -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math)
  if(SYN_SANITIZE)
    list(REMOVE_ITEM common -O3) # clang takes many minutes over unrolled loops that are both checked and optimised
    list(APPEND common -O1)
  endif()
  if(SYN_FUZZ)
    list(APPEND common -fno-sanitize=all) # the fuzz targets are of readers; clang would take minutes over each kernel
  endif()
  set(avx2 -mavx2 -mfma)
  set(avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma)
  foreach(file IN LISTS ${sources})
    if(NOT file MATCHES "src/kernels/")
      continue()
    endif()
    set(flags ${common})
    if(file MATCHES "_(avx2|avx512)\\.c$")
      set(isa ${CMAKE_MATCH_1})
      if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
        list(REMOVE_ITEM ${sources} ${file})
        continue()
      endif()
      list(APPEND flags ${${isa}})
    endif()
    set_source_files_properties(${file} PROPERTIES COMPILE_OPTIONS "${flags}")
  endforeach()
  set(${sources} ${${sources}} PARENT_SCOPE)
endfunction()
