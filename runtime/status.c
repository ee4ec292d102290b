#include "runtime/lamina_runtime.h"

const char *lamina_status_text(int status) {
  switch (status) {
  case LAMINA_OK:
    return "done";
  case LAMINA_ERROR_NULL:
    return "a required pointer is null";
  case LAMINA_ERROR_ROWS:
    return "the number of rows is 0 or more than the compiled batch size";
  case LAMINA_ERROR_ALIGNMENT:
    return "the state or the workspace is not aligned as required";
  case LAMINA_ERROR_ABI:
    return "the environment has an ABI version that the compiled code does not take";
  case LAMINA_ERROR_LABEL:
    return "an integer target is not a class of the model";
  case LAMINA_ERROR_CPU:
    return "this CPU lacks instructions that the code was compiled for";
  case LAMINA_ERROR_SCRATCH:
    return "the environment's scratch memory is null, not aligned or too small for its slots";
  }
  return "unknown status code";
}
