# Layouts: each timed program is linked several times with its functions in another order, so that what a run finds is not the luck of one order.
# They are linked together with the program, so they are never older than it.

set(RECLAIM_LAYOUTS 16 CACHE STRING "layouts of each timed program in a release build; 0: only the linker's own")

# gcc looks for the name ld.lld in the folder that -B names. Any lld from 13 on can shuffle.
file(GLOB folders /usr/lib/llvm-*/bin)
list(SORT folders COMPARE NATURAL ORDER DESCENDING)
find_program(RECLAIM_LLD ld.lld HINTS ${folders})
set(lld_options "")
if(RECLAIM_LLD)
  execute_process(COMMAND ${RECLAIM_LLD} --help OUTPUT_VARIABLE lld_options ERROR_QUIET)
endif()

set(layouts 0)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT RECLAIM_SANITIZE AND NOT RECLAIM_FUZZ_ENGINE)
  add_compile_options(-ffunction-sections)
  if(lld_options MATCHES "--shuffle-sections")
    set(layouts ${RECLAIM_LAYOUTS})
  else()
    message(WARNING "no ld.lld that can shuffle sections: every timed program has one layout, so a difference between two builds may be the layout's. Install lld-19.")
  endif()
endif()

# Links `program` in its layouts too.
function(reclaim_add_layouts program)
  get_target_property(folder ${program} RUNTIME_OUTPUT_DIRECTORY)
  cmake_path(GET RECLAIM_LLD PARENT_PATH lld_folder)
  set_target_properties(${program} PROPERTIES
    RULE_LAUNCH_LINK "\"${PROJECT_SOURCE_DIR}/cmake/link_layouts\" ${layouts} \"${lld_folder}\""
    LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/link_layouts
    ADDITIONAL_CLEAN_FILES ${folder}/layouts)
endfunction()
