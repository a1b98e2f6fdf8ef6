# The library as a user gets it: installed, as a subdirectory, as a copied folder.
set(prefix ${CMAKE_CURRENT_BINARY_DIR}/prefix)
list(JOIN scorefield_parts "," parts) # a consumer links all that there are here

function(add_consumer name)
  add_test(
    NAME package_${name}
    COMMAND
      ${CMAKE_CTEST_COMMAND} --build-and-test ${CMAKE_CURRENT_SOURCE_DIR}/package/${name}
      ${CMAKE_CURRENT_BINARY_DIR}/${name} --build-generator ${CMAKE_GENERATOR} --build-options
      -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -DPARTS=${parts} ${ARGN} --test-command consumer)
  set_tests_properties(package_${name} PROPERTIES LABELS package)
endfunction()

if(SCOREFIELD_INSTALL AND Eigen3_FOUND)
  add_test(NAME package_install COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix ${prefix} --component
                                        scorefield)
  set_tests_properties(package_install PROPERTIES LABELS package FIXTURES_SETUP installed)
  add_consumer(find_package -DCMAKE_PREFIX_PATH=${prefix})
  set_tests_properties(package_find_package PROPERTIES FIXTURES_REQUIRED installed)
endif()
add_consumer(add_subdirectory -DSCOREFIELD_SOURCE_DIR=${PROJECT_SOURCE_DIR})

# Nothing but the path of the headers; two sources, so that a function that is not inline is defined twice.
get_target_property(eigen Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
add_executable(scorefield_copied package/main.cpp package/other.cpp)
target_compile_features(scorefield_copied PRIVATE cxx_std_20)
target_include_directories(scorefield_copied PRIVATE ${PROJECT_SOURCE_DIR}/include)
target_include_directories(scorefield_copied SYSTEM PRIVATE ${eigen})
target_link_libraries(scorefield_copied PRIVATE Threads::Threads)
add_test(NAME package_copied COMMAND scorefield_copied)
set_tests_properties(package_copied PROPERTIES LABELS package)

# An Eigen that hands its products to a BLAS.
find_package(BLAS QUIET)
if(BLAS_FOUND)
  add_executable(scorefield_with_blas package/blas.cpp)
  target_link_libraries(scorefield_with_blas PRIVATE scorefield_own ${BLAS_LIBRARIES})
  target_compile_definitions(scorefield_with_blas PRIVATE EIGEN_USE_BLAS)
  add_test(NAME package_with_blas COMMAND scorefield_with_blas)
  set_tests_properties(package_with_blas PROPERTIES LABELS package)
endif()
