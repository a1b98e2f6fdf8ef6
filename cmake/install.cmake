# The headers, and the package that find_package(scorefield) finds.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

# Of the data, not the library directory: headers are the same on every machine.
set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/scorefield)

target_include_directories(scorefield INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
install(
  DIRECTORY ${PROJECT_SOURCE_DIR}/include/scorefield
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  COMPONENT scorefield
  FILES_MATCHING PATTERN *.hpp)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT scorefield)

install(TARGETS scorefield EXPORT scorefieldTargets)
install(EXPORT scorefieldTargets NAMESPACE scorefield:: DESTINATION ${package_dir} COMPONENT scorefield)
foreach(part IN LISTS scorefield_parts)
  # An export of its own: where what it needs is missing, a user's find_package still finds the rest.
  install(TARGETS scorefield_${part} EXPORT scorefield_${part})
  install(EXPORT scorefield_${part} NAMESPACE scorefield:: DESTINATION ${package_dir} COMPONENT scorefield)
endforeach()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/scorefieldConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/scorefieldConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/scorefieldConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(
  FILES ${PROJECT_BINARY_DIR}/scorefieldConfig.cmake ${PROJECT_BINARY_DIR}/scorefieldConfigVersion.cmake
        ${CMAKE_CURRENT_LIST_DIR}/FindLibCsv.cmake
  DESTINATION ${package_dir}
  COMPONENT scorefield)
