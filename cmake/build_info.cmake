# Run at every build: writes the commit into build_info.c, touching the file only when something changed.
set(COMMIT "unknown")
set(DIRTY "false")
execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD OUTPUT_VARIABLE found RESULT_VARIABLE failed
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT failed)
  set(COMMIT "${found}")
  execute_process(COMMAND git -C ${SOURCE} status --porcelain --untracked-files=no OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes)
    set(DIRTY "true")
  endif()
endif()
configure_file(${SOURCE}/bench/build_info.c.in ${OUTPUT} @ONLY)
