#pragma once

#include <cstdint>

/// Numbers of the zip format, named as in PKWARE's APPNOTE 6.3.
namespace lamina::frontend::zip {

constexpr uint32_t localSignature = 0x04034b50;
constexpr uint32_t centralSignature = 0x02014b50;
constexpr uint32_t descriptorSignature = 0x08074b50;
constexpr uint32_t endSignature = 0x06054b50;
constexpr uint32_t end64Signature = 0x06064b50;
constexpr uint32_t locator64Signature = 0x07064b50;

constexpr uint64_t localSize = 30;
constexpr uint64_t centralSize = 46;
constexpr uint64_t endSize = 22;
constexpr uint64_t end64Size = 56;
constexpr uint64_t locator64Size = 20;

/// A 32-bit or 16-bit field with all bits set says: the value is in the zip64 extra field.
constexpr uint64_t in64 = 0xffffffff;
constexpr uint64_t count64 = 0xffff;
constexpr uint16_t extra64 = 0x0001;

constexpr uint16_t stored = 0;
constexpr uint16_t deflated = 8;

constexpr uint16_t flagEncrypted = 1 << 0;
constexpr uint16_t flagDescriptor = 1 << 3;
constexpr uint16_t flagStrongEncryption = 1 << 6;
constexpr uint16_t flagMaskedHeaders = 1 << 13;
/// Deflate's effort (bits 1, 2), sizes behind the data (bit 3), names in UTF-8 (bit 11).
constexpr uint16_t flagsUnderstood = 0x6 | flagDescriptor | 1 << 11;

constexpr uint8_t madeByUnix = 3;

} // namespace lamina::frontend::zip
