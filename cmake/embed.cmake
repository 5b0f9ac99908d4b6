# cmake -DOUTPUT=FILE.c -DSTYLE=FILE -DSCRIPT=FILE -P embed.cmake: writes the files as arrays, so that the runner carries them with it.

function(array_of file variable)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
  set(${variable} "${bytes}" PARENT_SCOPE)
endfunction()

array_of(${STYLE} style)
array_of(${SCRIPT} script)
file(SHA256 ${SCRIPT} sum)
string(REGEX REPLACE "(..)" "0x\\1," sum "${sum}")
file(WRITE ${OUTPUT} "#include \"page_parts.h\"

const unsigned char page_style[] = {${style}};
const size_t page_style_size = sizeof page_style;
const unsigned char page_script[] = {${script}};
const size_t page_script_size = sizeof page_script;
const unsigned char page_script_sha256[32] = {${sum}};
")
