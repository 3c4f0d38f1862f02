# Sources of the Winograd gradients, for a target that has OpenMP and native/ as include folder:
#   include(ops/winograd.cmake)
#   target_sources(target PRIVATE ${OPTCMP_WINOGRAD_SOURCES})
# Each instruction set is a file with its own flags. Kernels are unusable without optimisation, so
# they have it in every build type.
set(OPTCMP_WINOGRAD_SOURCES ${CMAKE_CURRENT_LIST_DIR}/winograd_gradients.cpp)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  list(APPEND OPTCMP_WINOGRAD_SOURCES
    ${CMAKE_CURRENT_LIST_DIR}/winograd_avx2.cpp ${CMAKE_CURRENT_LIST_DIR}/winograd_avx512.cpp)
  set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/winograd_avx2.cpp PROPERTIES
    COMPILE_OPTIONS "-O3;-mavx2;-mfma")
  set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/winograd_avx512.cpp PROPERTIES
    COMPILE_OPTIONS
    "-O3;-mavx2;-mfma;-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mprefer-vector-width=512")
endif()
