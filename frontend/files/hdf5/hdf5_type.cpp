#include "frontend/files/hdf5/hdf5_type.h"

#include <cstring>

#include <fmt/format.h>

#include "frontend/files/hdf5/hdf5_handle.h"

namespace lamina::frontend {
namespace {

using Kind = ElementFormat::Kind;

/// IEEE 754's binary16, for which libhdf5 has no name.
bool isHalf(hid_t type) {
  size_t sign = 0, exponent = 0, exponentBits = 0, fraction = 0, fractionBits = 0;
  return H5Tget_size(type) == 2 && H5Tget_precision(type) == 16 &&
         H5Tget_fields(type, &sign, &exponent, &exponentBits, &fraction, &fractionBits) >= 0 &&
         sign == 15 && exponent == 10 && exponentBits == 5 && fraction == 0 && fractionBits == 10 &&
         H5Tget_ebias(type) == 15 && H5Tget_norm(type) == H5T_NORM_IMPLIED;
}

/// IEEE 754's binary16, binary32 or binary64, nothing else of that size.
std::string readFloat(hid_t type, ElementFormat &format) {
  if (isHalf(type)) {
    format = {Kind::Float, 2, H5Tget_order(type) == H5T_ORDER_BE};
    return "";
  }
  struct Known {
    hid_t id;
    ElementFormat format;
  };
  const Known known[] = {{H5T_IEEE_F32LE, {Kind::Float, 4, false}},
                         {H5T_IEEE_F32BE, {Kind::Float, 4, true}},
                         {H5T_IEEE_F64LE, {Kind::Float, 8, false}},
                         {H5T_IEEE_F64BE, {Kind::Float, 8, true}}};
  for (const Known &candidate : known)
    if (H5Tequal(type, candidate.id) > 0) {
      format = candidate.format;
      return "";
    }
  return "has an unusual floating-point type; convert it to float32";
}

std::string readInteger(hid_t type, ElementFormat &format) {
  size_t width = H5Tget_size(type);
  H5T_order_t order = H5Tget_order(type);
  H5T_sign_t sign = H5Tget_sign(type);
  bool isPlain = H5Tget_precision(type) == 8 * width && H5Tget_offset(type) == 0 &&
                 (order == H5T_ORDER_LE || order == H5T_ORDER_BE) && sign >= 0 && width <= 8;
  format = {sign == H5T_SGN_NONE ? Kind::Unsigned : Kind::Signed, static_cast<uint8_t>(width),
            order == H5T_ORDER_BE};
  if (!isPlain || !format.isValid())
    return "has an unusual integer type; convert it to int64";
  return "";
}

bool isMember(hid_t type, unsigned index, const char *name, signed char value) {
  char *memberName = H5Tget_member_name(type, index);
  bool same = memberName && std::strcmp(memberName, name) == 0;
  H5free_memory(memberName);
  signed char memberValue = 0;
  return same && H5Tget_member_value(type, index, &memberValue) >= 0 && memberValue == value;
}

std::string readEnumeration(hid_t type, ElementFormat &format) {
  bool isBool = H5Tget_size(type) == 1 && H5Tget_nmembers(type) == 2 &&
                isMember(type, 0, "FALSE", 0) && isMember(type, 1, "TRUE", 1);
  if (!isBool)
    return "is an enumeration, not a number";
  format = {Kind::Bool, 1, false};
  return "";
}

} // namespace

std::string readElementFormat(hid_t type, ElementFormat &format) {
  switch (H5Tget_class(type)) {
  case H5T_FLOAT:
    return readFloat(type, format);
  case H5T_INTEGER:
    return readInteger(type, format);
  case H5T_ENUM:
    return readEnumeration(type, format);
  case H5T_OPAQUE:
    return H5Tget_size(type) == 2
               ? "is bfloat16, which is not supported yet; convert the model to float32"
               : "is of an opaque type, not a number";
  case H5T_STRING:
    return "holds strings, not numbers";
  case H5T_COMPOUND:
    return "is of a compound type, not a number";
  default:
    return "is of a type that holds no plain numbers";
  }
}

hid_t createHdf5Type(ElementType type) {
  switch (type) {
  case ElementType::F32:
    return H5Tcopy(H5T_IEEE_F32LE);
  case ElementType::F64:
    return H5Tcopy(H5T_IEEE_F64LE);
  case ElementType::I32:
    return H5Tcopy(H5T_STD_I32LE);
  case ElementType::I64:
    return H5Tcopy(H5T_STD_I64LE);
  case ElementType::I8:
    return H5Tcopy(H5T_STD_I8LE);
  case ElementType::U8:
    return H5Tcopy(H5T_STD_U8LE);
  case ElementType::I1:
    break;
  }
  hid_t boolean = H5Tenum_create(H5T_STD_I8LE);
  signed char no = 0, yes = 1;
  H5Tenum_insert(boolean, "FALSE", &no);
  H5Tenum_insert(boolean, "TRUE", &yes);
  return boolean;
}

} // namespace lamina::frontend
