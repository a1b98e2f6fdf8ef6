# Target scorefield_headers: each header compiles alone, or after <Eigen/Core> if it reads Eigen, whatever was included
# before it elsewhere.
# Globbed, so that a new header is checked without being listed.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include
     ${PROJECT_SOURCE_DIR}/include/scorefield/*.hpp)
list(REMOVE_ITEM headers "" ${scorefield_missing_headers})

set(sources)
foreach(header IN LISTS headers)
  set(source ${PROJECT_BINARY_DIR}/headers/${header}.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${header}\"\n")
  list(APPEND sources ${source})
  # Any other header has to include what <Eigen/Core> would bring along.
  file(STRINGS ${PROJECT_SOURCE_DIR}/include/${header} reads_eigen REGEX "include.*(core/types\\.hpp|Eigen/)")
  if(NOT reads_eigen)
    set_source_files_properties(${source} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  endif()
endforeach()

add_library(scorefield_headers OBJECT EXCLUDE_FROM_ALL ${sources})
target_link_libraries(scorefield_headers PRIVATE scorefield_own)
target_precompile_headers(scorefield_headers PRIVATE <Eigen/Core>)
