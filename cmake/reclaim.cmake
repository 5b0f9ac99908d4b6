# The registrations: a strategy, a workload and a hand-written comparison are one line each, and everything else follows from it.

# reclaim_add_workload(NAME): workloads/NAME.c, which defines `const workload workload_NAME`.
function(reclaim_add_workload name)
  set_property(GLOBAL APPEND PROPERTY RECLAIM_WORKLOADS ${name})
endfunction()

# The table of the given workloads as a source file, written once and again only when the list changes.
function(reclaim_workload_table file)
  set(declarations "")
  set(entries "")
  foreach(name ${ARGN})
    string(APPEND declarations "extern const workload workload_${name};\n")
    string(APPEND entries "    &workload_${name},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${file} CONTENT "#include \"workloads/workload.h\"\n
${declarations}
const workload *const workload_table[] = {\n${entries}};
const size_t workload_count = sizeof workload_table / sizeof *workload_table;\n")
endfunction()

# mm_NAME_FLAVOUR: a strategy's own code and the common code, compiled for one flavour. What links it is compiled for the same one.
function(reclaim_add_flavour name base dir defaults flavour)
  set(target mm_${name}_${flavour})
  file(GLOB own CONFIGURE_DEPENDS ${dir}/*.c)
  file(GLOB common CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/strategies/common/*.c)
  add_library(${target} STATIC ${own} ${common})
  cmake_path(GET dir PARENT_PATH parent)
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/strategies ${PROJECT_SOURCE_DIR} ${parent})
  target_compile_definitions(${target} PUBLIC MM_STRATEGY_HEADER="${base}/strategy.h" MM_STRATEGY_NAME="${name}")
  if(defaults)
    string(REPLACE ";" "," defaults "${defaults}")
    target_compile_definitions(${target} PUBLIC MM_OPTION_DEFAULTS="${defaults}" MM_VARIANT_OF="${base}")
  endif()
  if(RECLAIM_SANITIZE)
    target_compile_definitions(${target} PUBLIC MM_REGISTRY=1)
  endif()
  if(flavour STREQUAL "counted")
    target_compile_definitions(${target} PUBLIC MM_COUNTED=1)
  elseif(flavour STREQUAL "checked")
    target_compile_definitions(${target} PUBLIC MM_COUNTED=1 MM_CHECKED=1)
    target_compile_options(${target} PUBLIC -UNDEBUG)
  endif()
  if(NOT flavour STREQUAL "timed")
    # Allocation sites are shown relative to the tree.
    target_compile_options(${target} PUBLIC -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
  endif()
  # Without these a compiler may delete a malloc and its free together, and the time reads 0.
  target_compile_options(${target} PUBLIC -fno-builtin-malloc -fno-builtin-free)
  target_link_libraries(${target} PUBLIC reclaim_support reclaim_pool)
endfunction()

# reclaim_add_strategy(NAME): the folder strategies/NAME, whose strategy.h chooses it.
# reclaim_add_strategy(NAME FROM BASE DEFAULTS option=value…): BASE with other defaults.
# reclaim_add_strategy(NAME DIR folder): from outside the tree.
function(reclaim_add_strategy name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FROM;DIR" "DEFAULTS")
  set(base ${name})
  if(arg_FROM)
    set(base ${arg_FROM})
  endif()
  set(dir ${PROJECT_SOURCE_DIR}/strategies/${base})
  if(arg_DIR)
    set(dir ${arg_DIR})
  endif()
  if(NOT EXISTS ${dir}/strategy.h)
    message(FATAL_ERROR "strategy ${name}: ${dir}/strategy.h does not exist")
  endif()
  foreach(flavour timed counted checked)
    reclaim_add_flavour(${name} ${base} ${dir} "${arg_DEFAULTS}" ${flavour})
  endforeach()
  reclaim_add_program(bench_${name} mm_${name}_timed)
  reclaim_add_program(count_${name} mm_${name}_counted)
  set_property(GLOBAL APPEND PROPERTY RECLAIM_STRATEGIES ${name})
endfunction()

# A sample program: every workload on one strategy in one flavour.
function(reclaim_add_program program library)
  if(RECLAIM_FUZZ_ENGINE)
    return()
  endif()
  get_property(workloads GLOBAL PROPERTY RECLAIM_WORKLOADS)
  set(sources ${PROJECT_BINARY_DIR}/workload_table.c)
  foreach(name ${workloads})
    list(APPEND sources ${PROJECT_SOURCE_DIR}/workloads/${name}.c)
  endforeach()
  add_executable(${program} ${sources})
  target_link_libraries(${program} PRIVATE ${library} reclaim_heap_snapshot)
  reclaim_link_sample(${program})
endfunction()

# The main program around the workloads: see bench/.
function(reclaim_link_sample program)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/*.c)
  target_sources(${program} PRIVATE ${sources})
  target_link_libraries(${program} PRIVATE reclaim_benchmark_shim reclaim_build_info PkgConfig::JANSSON)
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${RECLAIM_PROGRAM_DIR})
  if(program MATCHES "^bench_")
    reclaim_add_layouts(${program})
  endif()
endfunction()

# reclaim_add_planted_slowdown(NAME): planted/bench_NAME, the program of that strategy slower by a known share: see bench/planted/slowdown.c. All
# else is the same, to the last object. A self-test must find it.
function(reclaim_add_planted_slowdown name)
  if(RECLAIM_FUZZ_ENGINE)
    return()
  endif()
  get_target_property(libraries bench_${name} LINK_LIBRARIES)
  add_executable(planted_${name} ${PROJECT_SOURCE_DIR}/bench/planted/slowdown.c $<TARGET_OBJECTS:bench_${name}>)
  target_include_directories(planted_${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(planted_${name} PRIVATE ${libraries})
  set_target_properties(planted_${name} PROPERTIES
    OUTPUT_NAME bench_${name} RUNTIME_OUTPUT_DIRECTORY ${RECLAIM_PROGRAM_DIR}/planted)
  file(MAKE_DIRECTORY ${RECLAIM_PROGRAM_DIR}/planted)
  file(CREATE_LINK ../heaps ${RECLAIM_PROGRAM_DIR}/planted/heaps SYMBOLIC) # what stands beside the others
  reclaim_add_layouts(planted_${name})
endfunction()

# reclaim_add_hand_written(NAME workload…): bench/hand/NAME.c, which does the work of those workloads in plain C, beside the strategies.
# The object API is linked for the sample program's sake and not used.
function(reclaim_add_hand_written name)
  if(RECLAIM_FUZZ_ENGINE)
    return()
  endif()
  set(table ${PROJECT_BINARY_DIR}/workload_table_${name}.c)
  reclaim_workload_table(${table} ${ARGN})
  foreach(kind bench:timed count:counted)
    string(REGEX MATCH "^[a-z]+" prefix ${kind})
    string(REGEX MATCH "[a-z]+$" flavour ${kind})
    set(sources ${table} ${PROJECT_SOURCE_DIR}/bench/hand/${name}.c ${PROJECT_SOURCE_DIR}/bench/hand/observe.c)
    foreach(workload ${ARGN})
      list(APPEND sources ${PROJECT_SOURCE_DIR}/workloads/${workload}.c) # for its parameters and its books
    endforeach()
    add_executable(${prefix}_${name} ${sources})
    target_compile_definitions(${prefix}_${name} PRIVATE RECLAIM_HAND_WRITTEN="${name}")
    target_link_libraries(${prefix}_${name} PRIVATE mm_none_${flavour})
    reclaim_link_sample(${prefix}_${name})
  endforeach()
endfunction()
