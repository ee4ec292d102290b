// gzip (RFC 1952) and Zstandard (RFC 8878).

#include <zlib.h>
#include <zstd.h>

#include "frontend/files/bytes.h"
#include "support/error.h"
#include "trainer/data/formats/formats.h"

namespace lamina::trainer {

namespace {

using Bytes = std::vector<std::byte>;

constexpr size_t kChunk = size_t(1) << 20;

bool isZstd(std::span<const std::byte> bytes) {
  return frontend::asText(bytes).starts_with("\x28\xb5\x2f\xfd");
}

void append(const std::string &path, Bytes &text, std::span<const std::byte> part) {
  text.insert(text.end(), part.begin(), part.end());
  if (text.size() > kMostUnpackedBytes)
    fail("{}: more than {} bytes after unpacking", path, kMostUnpackedBytes);
}

class Inflater {
public:
  Inflater() { inflateInit2(&stream_, 16 + MAX_WBITS); }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater &) = delete;
  Inflater &operator=(const Inflater &) = delete;

  /// False where the data are damaged or cut off.
  bool run(const std::string &path, std::span<const std::byte> bytes, Bytes &text) {
    Bytes chunk(kChunk);
    int status = Z_STREAM_END;
    for (size_t at = 0; at < bytes.size() || status == Z_OK;) {
      if (status == Z_STREAM_END) {
        // Zeros may follow a member, as tapes have them.
        while (at < bytes.size() && bytes[at] == std::byte(0))
          ++at;
        if (at == bytes.size())
          return true;
        inflateReset(&stream_);
      }
      size_t given = std::min(bytes.size() - at, kChunk);
      stream_.next_in = reinterpret_cast<Bytef *>(const_cast<std::byte *>(bytes.data() + at));
      stream_.avail_in = static_cast<uInt>(given);
      stream_.next_out = reinterpret_cast<Bytef *>(chunk.data());
      stream_.avail_out = static_cast<uInt>(chunk.size());
      status = inflate(&stream_, Z_NO_FLUSH);
      at += given - stream_.avail_in;
      append(path, text, std::span(chunk).first(chunk.size() - stream_.avail_out));
      bool isStuck = given == 0 && stream_.avail_out == chunk.size();
      if ((status != Z_OK && status != Z_STREAM_END) || (isStuck && status != Z_STREAM_END))
        return false;
    }
    return status == Z_STREAM_END;
  }

private:
  z_stream stream_ = {};
};

bool unpackZstd(const std::string &path, std::span<const std::byte> bytes, Bytes &text) {
  ZSTD_DStream *stream = ZSTD_createDStream();
  Bytes chunk(kChunk);
  ZSTD_inBuffer input = {bytes.data(), bytes.size(), 0};
  size_t status = 1;
  bool isSound = true, isFull = false;
  try {
    while (isSound && (input.pos < input.size || isFull)) {
      ZSTD_outBuffer output = {chunk.data(), chunk.size(), 0};
      status = ZSTD_decompressStream(stream, &output, &input);
      isSound = !ZSTD_isError(status);
      isFull = output.pos == output.size;
      append(path, text, std::span(chunk).first(output.pos));
    }
  } catch (...) {
    ZSTD_freeDStream(stream);
    throw;
  }
  ZSTD_freeDStream(stream);
  return isSound && status == 0;
}

} // namespace

bool looksCompressed(std::span<const std::byte> bytes) {
  return frontend::asText(bytes).starts_with("\x1f\x8b") || isZstd(bytes);
}

Bytes decompress(const std::string &path, std::span<const std::byte> bytes) {
  Bytes text;
  if (isZstd(bytes)) {
    if (!unpackZstd(path, bytes, text))
      fail("{}: the Zstandard data are damaged or cut off", path);
  } else if (!Inflater().run(path, bytes, text)) {
    fail("{}: the gzip data is damaged or cut off", path);
  }
  return text;
}

} // namespace lamina::trainer
