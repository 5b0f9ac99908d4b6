# The tests of the source tree and of its scripts, for one build of several.

# Of the source tree as a whole. 77: a tool is missing, the reason is in the output.
add_test(NAME dependencies COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/check_dependencies ${PROJECT_SOURCE_DIR})
add_test(NAME dependencies_violated COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/check_dependencies --self-test)
add_test(NAME style COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/check_style ${PROJECT_SOURCE_DIR})
add_test(NAME style_violated COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/check_style --self-test)
set_tests_properties(style style_violated PROPERTIES SKIP_RETURN_CODE 77)

# A copy of the template under a new name, outside the tree: it must not touch one line here.
if(NOT RECLAIM_STRATEGY_DIRS)
  add_test(NAME strategy_outside_the_tree
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/strategies/outside_the_tree ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_BINARY_DIR}/outside)
  set_tests_properties(strategy_outside_the_tree PROPERTIES
    ENVIRONMENT "CMAKE=${CMAKE_COMMAND};CC=${CMAKE_C_COMPILER};CXX=${CMAKE_CXX_COMPILER};GENERATOR=${CMAKE_GENERATOR}")
endif()

# Somebody else's reader of what the runner writes.
add_test(NAME compare_tool COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/commands/compare_tool ${RECLAIM_PROGRAM_DIR})
set_tests_properties(compare_tool PROPERTIES SKIP_RETURN_CODE 77)

# The recorders, where there is something to record with.
find_program(PYTHON3 python3)
find_program(NODE node)
if(PYTHON3)
  add_test(NAME cost COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/cost/test_cost.py)
  add_test(NAME findings COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/findings/test_findings.py ${RECLAIM_PROGRAM_DIR})
  add_test(NAME report_in_a_browser
    COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/report/test_page.py $<TARGET_FILE:reclaim> ${PROJECT_SOURCE_DIR}/results/reference)
  set_tests_properties(findings report_in_a_browser PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)
  add_test(NAME record_python_heap COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/recorders/test_record_python_heap.py)
endif()
if(NODE)
  add_test(NAME record_node_heap COMMAND ${NODE} ${CMAKE_CURRENT_SOURCE_DIR}/recorders/test_record_node_heap.js)
endif()
