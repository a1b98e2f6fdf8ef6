# What the library itself needs: Eigen and threads.
include(FetchContent)

if(NOT TARGET Eigen3::Eigen)
  # Twice, because the package of Eigen 5 does not answer to a request for 3.4.
  find_package(Eigen3 3.4 QUIET CONFIG)
  if(NOT Eigen3_FOUND)
    find_package(Eigen3 5 QUIET CONFIG)
  endif()
endif()
if(NOT TARGET Eigen3::Eigen)
  message(STATUS "scorefield: Eigen 3.4 not found, fetching it")
  FetchContent_Declare(
    scorefield_eigen
    GIT_REPOSITORY https://gitlab.com/libeigen/eigen.git
    GIT_TAG 3.4.0
    GIT_SHALLOW ON
    SOURCE_SUBDIR headers-only) # a folder that does not exist: Eigen's own build and tests stay out
  FetchContent_MakeAvailable(scorefield_eigen)
  # Imported, so that compilers treat its headers as the system's.
  add_library(Eigen3::Eigen INTERFACE IMPORTED GLOBAL)
  target_include_directories(Eigen3::Eigen INTERFACE ${scorefield_eigen_SOURCE_DIR})
endif()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
