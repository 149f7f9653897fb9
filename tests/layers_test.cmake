# cmake -DLAYERS=<layers.cmake> -DWORK=<folder> -P layers_test.cmake   proves that layers.cmake sees what it must see
cmake_minimum_required(VERSION 3.22)

function(file_with path)
  string(REPLACE ";" "\n" text "${ARGN}")
  file(WRITE ${WORK}/${path} "${text}\n")
endfunction()

# A small tree without a fault.
function(plant)
  file(REMOVE_RECURSE ${WORK})
  file_with(core/CMakeLists.txt "haingest_room(base USES spdlog::spdlog)" "haingest_room(net DEPENDS base)"
    "haingest_room(jobs DEPENDS net base)")
  file_with(core/base/log.hpp "#include <string>")
  file_with(core/base/log.cpp "#include <spdlog/spdlog.h>" "#include \"core/base/log.hpp\"")
  file_with(core/net/stream.hpp "#include \"core/base/log.hpp\"")
  file_with(core/net/stream.cpp "#include \"core/net/stream_impl.hpp\"")
  file_with(core/net/stream_impl.hpp "#include <boost/beast/core.hpp>" "#include \"core/net/stream.hpp\"")
  file_with(core/jobs/sync.hpp "#include \"core/net/stream.hpp\"")
  file_with(cli/main.cpp "#include <CLI/CLI.hpp>" "#include \"core/jobs/sync.hpp\"")
  file_with(tests/fakes/house.hpp "#include \"core/base/log.hpp\"")
endfunction()

function(expect wanted)
  execute_process(COMMAND ${CMAKE_COMMAND} -DSOURCE=${WORK} -P ${LAYERS} RESULT_VARIABLE code ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  if(wanted STREQUAL "nothing")
    if(NOT code EQUAL 0)
      message(SEND_ERROR "refused a tree without a fault: ${output}")
    endif()
  elseif(code EQUAL 0)
    message(SEND_ERROR "let pass what it should refuse with: ${wanted}")
  else()
    string(FIND "${output}" "${wanted}" place)
    if(place EQUAL -1)
      message(SEND_ERROR "should say: ${wanted}\nsaid: ${output}")
    endif()
  endif()
endfunction()

plant()
expect(nothing)

plant()
file_with(core/base/text.cpp "#include \"core/net/stream.hpp\"")
expect("core/base/text.cpp: base must not include core/net/stream.hpp")

plant()
file_with(tests/fakes/server.cpp "  #  include \"core/net/stream.hpp\"  // why not")
expect("tests/fakes/server.cpp: fakes must not include core/net/stream.hpp; it may include: base")

plant()
file_with(cli/main.cpp "#include \"core/store/reader.hpp\"")
file_with(core/CMakeLists.txt "haingest_room(base)" "haingest_room(net DEPENDS base)" "haingest_room(store DEPENDS base)"
  "haingest_room(jobs DEPENDS net base)")
file_with(core/store/reader.hpp "#include \"core/base/log.hpp\"")
expect("cli/main.cpp: cli must not include core/store/reader.hpp")

plant()
file_with(core/net/stream.cpp "#include \"stream.hpp\"")
expect("core/net/stream.cpp: \"stream.hpp\" is no path from the top of the tree")

plant()
file_with(core/net/stream.hpp "#include \"core/net/stream_impl.hpp\"")
expect("core/jobs/sync.hpp: through core/net/stream.hpp it gets <boost/beast/core.hpp> in core/net/stream_impl.hpp")

plant()
file_with(core/extra/new.cpp "#include \"core/base/log.hpp\"")
expect("core/extra is no room of core/CMakeLists.txt")

plant()
file_with(core/CMakeLists.txt "add_library(haingest_base)")
expect("no rooms in")

file(REMOVE_RECURSE ${WORK})
