# Writes the manual pages and the shell completions into FOLDER, as PROGRAM prints them from its option table:
# cmake -DPROGRAM=... -DFOLDER=... -P cmake/Manual.cmake
function(write file)
  execute_process(COMMAND ${PROGRAM} help ${ARGN} OUTPUT_FILE ${FOLDER}/${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(MAKE_DIRECTORY ${FOLDER}/man ${FOLDER}/completion)
execute_process(COMMAND ${PROGRAM} help --commands OUTPUT_VARIABLE commands COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" commands "${commands}")
write(man/synapsnet.1 --man)
foreach(command IN LISTS commands)
  write(man/synapsnet-${command}.1 --man ${command})
endforeach()
write(completion/synapsnet --completion bash)
write(completion/_synapsnet --completion zsh)
write(completion/synapsnet.fish --completion fish)
