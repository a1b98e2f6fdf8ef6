# The headers that need more than Eigen. Each has a target, which exists where the library it needs does.
set(scorefield_parts) # those that exist, and beside them the packages they need
set(scorefield_packages)
set(scorefield_missing_headers)
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})

# Of a package that would be looked for in every language.
set(scorefield_components_of_MPI COMPONENTS CXX)

# Target scorefield::<name>, for headers that need the target <target> of a package.
macro(scorefield_add_part name package target)
  find_package(${package} QUIET ${scorefield_components_of_${package}})
  if(${package}_FOUND)
    add_library(scorefield_${name} INTERFACE)
    add_library(scorefield::${name} ALIAS scorefield_${name})
    set_target_properties(scorefield_${name} PROPERTIES EXPORT_NAME ${name})
    target_link_libraries(scorefield_${name} INTERFACE scorefield ${target})
    list(APPEND scorefield_parts ${name})
    list(APPEND scorefield_packages ${package})
  else()
    message(STATUS "scorefield: ${package} not found, so there is no target scorefield::${name}")
    list(APPEND scorefield_missing_headers ${ARGN})
  endif()
endmacro()

scorefield_add_part(png PNG PNG::PNG scorefield/picture/png.hpp)
scorefield_add_part(zlib ZLIB ZLIB::ZLIB scorefield/data/image/idx.hpp)
scorefield_add_part(gif GIF GIF::GIF scorefield/picture/gif.hpp)
scorefield_add_part(csv LibCsv LibCsv::LibCsv scorefield/file/csv.hpp)
scorefield_add_part(
  json nlohmann_json nlohmann_json::nlohmann_json scorefield/file/safetensors.hpp scorefield/file/model.hpp
  scorefield/file/any_model.hpp scorefield/file/inspect.hpp scorefield/file/checkpoint.hpp)

# Asked for, because programs that are built with MPI are others: a machine that has it changes nothing by itself.
option(SCOREFIELD_MPI "Build scorefield::mpi, for programs of several processes" OFF)
if(SCOREFIELD_MPI)
  find_package(MPI REQUIRED ${scorefield_components_of_MPI})
  scorefield_add_part(mpi MPI MPI::MPI_CXX scorefield/training/mpi.hpp)
else()
  list(APPEND scorefield_missing_headers scorefield/training/mpi.hpp)
endif()
