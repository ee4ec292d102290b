# Helpers shared by every folder: where LLVM/MLIR are, and how libraries and unit tests are declared.
find_program(LLVM_CONFIG NAMES llvm-config-19 REQUIRED)
execute_process(COMMAND ${LLVM_CONFIG} --prefix OUTPUT_VARIABLE LAMINA_LLVM_PREFIX
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
list(APPEND CMAKE_PREFIX_PATH ${LAMINA_LLVM_PREFIX})
find_package(MLIR 19.1 REQUIRED CONFIG)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)
set(CMAKE_BUILD_RPATH ${LAMINA_LLVM_PREFIX}/lib)
set(CMAKE_INSTALL_RPATH ${LAMINA_LLVM_PREFIX}/lib)

find_package(fmt REQUIRED)
find_package(Threads REQUIRED)

option(LAMINA_WERROR "Treat warnings as errors" OFF)
set(LAMINA_SANITIZE "" CACHE STRING "Sanitizers to build with, for example address,undefined")
if(LAMINA_SANITIZE)
  # Generated functions have no mark of their type before their first instruction: looking for it reads
  # memory that may not be there.
  add_compile_options(-fsanitize=${LAMINA_SANITIZE} -fno-sanitize=function -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LAMINA_SANITIZE})
endif()

add_library(lamina_options INTERFACE)
target_include_directories(lamina_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
target_compile_options(lamina_options INTERFACE
  -Wall -Wextra -Wno-unused-parameter $<$<BOOL:${LAMINA_WERROR}>:-Werror> -Werror=switch)

# lamina_system_library(TARGET NAMES name … [ARCHIVES file …]): an interface target for a library of the
# system. Programs with the property LAMINA_IS_STANDALONE contain its archives, where there are all of
# them, so that they run on machines without the library.
function(lamina_system_library target)
  cmake_parse_arguments(ARG "" "" "NAMES;ARCHIVES" ${ARGN})
  add_library(${target} INTERFACE)
  find_library(${target}_SHARED NAMES ${ARG_NAMES} REQUIRED)
  set(archives)
  foreach(archive ${ARG_ARCHIVES})
    find_library(${target}_${archive} NAMES ${archive})
    list(APPEND archives ${${target}_${archive}})
  endforeach()
  if(NOT archives OR archives MATCHES "NOTFOUND")
    set(archives ${${target}_SHARED})
  endif()
  set(stands_alone $<BOOL:$<TARGET_PROPERTY:LAMINA_IS_STANDALONE>>)
  set_target_properties(${target} PROPERTIES LAMINA_SHARED_LIBRARY ${${target}_SHARED})
  target_link_libraries(${target} INTERFACE
    "$<IF:${stands_alone},${archives},${${target}_SHARED}>" ${CMAKE_DL_LIBS} m)
endfunction()
lamina_system_library(lamina_zlib NAMES z ARCHIVES libz.a)
lamina_system_library(lamina_zstd NAMES zstd ARCHIVES libzstd.a)

# LLVM and MLIR as archives: a program that contains what it needs of them starts in a fifth of the
# time that it takes to relocate the shared libraries, and runs where those are not installed.
option(LAMINA_STATIC_LLVM "Tools contain LLVM and MLIR" ON)
add_library(lamina_llvm_archives INTERFACE)
if(LAMINA_STATIC_LLVM)
  file(GLOB LAMINA_LLVM_ARCHIVES CONFIGURE_DEPENDS
       ${LAMINA_LLVM_PREFIX}/lib/libMLIR*.a ${LAMINA_LLVM_PREFIX}/lib/libLLVM*.a)
  list(JOIN LAMINA_LLVM_ARCHIVES "," archives)
  target_link_libraries(lamina_llvm_archives INTERFACE
    "$<LINK_GROUP:RESCAN,${archives}>" lamina_zlib lamina_zstd ${CMAKE_DL_LIBS} m)
  target_link_options(lamina_llvm_archives INTERFACE -Wl,--gc-sections)
endif()

# Headers and libraries of LLVM and MLIR, for the rooms that may use them. Tests link the shared
# libraries.
add_library(lamina_mlir INTERFACE)
target_include_directories(lamina_mlir SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
set(takes_archives $<AND:$<BOOL:${LAMINA_STATIC_LLVM}>,$<BOOL:$<TARGET_PROPERTY:LAMINA_IS_TOOL>>>)
target_link_libraries(lamina_mlir INTERFACE
  $<${takes_archives}:lamina_llvm_archives> $<$<NOT:${takes_archives}>:MLIR>
  $<$<NOT:${takes_archives}>:LLVM>)

# lamina_precompile(name header …): parses headers once for a target. Within such headers clang warns
# of what the C++ library does in its own std::stable_sort.
function(lamina_precompile name)
  target_precompile_headers(${name} PRIVATE ${ARGN})
  target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp"
                         -Wno-deprecated-declarations)
endfunction()

# Headers of MLIR take most of a compilation: PRECOMPILE header … parses them once for a target,
# PRECOMPILED_AS Other takes what was parsed for another one.
macro(lamina_precompile_headers name)
  if(ARG_PRECOMPILE)
    lamina_precompile(${name} ${ARG_PRECOMPILE})
  elseif(ARG_PRECOMPILED_AS)
    target_precompile_headers(${name} REUSE_FROM ${ARG_PRECOMPILED_AS})
  endif()
endmacro()

# Small sources that read the same large headers take half the time when some are compiled as one.
# Names of unnamed namespaces and static functions are then shared: the compiler tells of clashes.
option(LAMINA_UNITY "Compile small sources in groups" ON)
function(lamina_compile_in_groups name)
  set_target_properties(${name} PROPERTIES
    UNITY_BUILD ${LAMINA_UNITY} UNITY_BUILD_BATCH_SIZE 6)
endfunction()

# lamina_add_library(Name SOURCES a.cpp … LIBS Other … DEPENDS generated-target …
#                    [PRECOMPILE <header> … | PRECOMPILED_AS Other])
function(lamina_add_library name)
  cmake_parse_arguments(ARG "" "PRECOMPILED_AS" "SOURCES;LIBS;DEPENDS;PRECOMPILE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC lamina_options ${ARG_LIBS})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  lamina_precompile_headers(${name})
endfunction()

# lamina_add_unit_test(name SOURCES a.cpp … LIBS Other …): one GoogleTest executable per room, known
# to CTest as `name`. Tests are compiled without optimization, which takes a third of the time; what
# they test is not.
function(lamina_add_unit_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  lamina_compile_in_groups(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} LaminaTestHeaders)
  target_precompile_headers(${name} REUSE_FROM LaminaTestHeaders)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS googletest)
endfunction()
