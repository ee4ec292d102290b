#include "codegen/jit/kernel_cache.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/error.h"
#include "support/write_all.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"

namespace lamina::codegen {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kDefaultLimit = uint64_t(256) << 20;
constexpr llvm::StringLiteral kSuffix = ".kernel", kTemporary = ".tmp";
/// It is looked at how large the cache is when a process has written so much, and by one in so many
/// processes that wrote less: looking takes milliseconds.
constexpr uint64_t kMuch = uint64_t(4) << 20;
constexpr pid_t kLookers = 64;
/// A file's time stamp is brought up to date when it is older than this.
constexpr time_t kDay = 24 * 60 * 60;

/// The beginning of a file; the object follows.
struct Header {
  char magic[8] = {'l', 'a', 'm', 'i', 'n', 'a', 'k', '1'};
  uint8_t check[LLVM_BLAKE3_OUT_LEN] = {}; ///< of what follows, and of the key
  int64_t scratchBytes = 0;
};

void setCheck(Header &header, llvm::StringRef key, llvm::StringRef object) {
  llvm::BLAKE3 hasher;
  hasher.update(key);
  hasher.update(llvm::StringRef(reinterpret_cast<const char *>(&header.scratchBytes),
                                sizeof header.scratchBytes));
  hasher.update(object);
  auto result = hasher.final();
  std::copy(result.begin(), result.end(), header.check);
}

/// The identification that the linker gave to the program or library that this code is in; empty
/// where it gave none.
std::string findBuildId() {
  struct Search {
    uintptr_t address;
    std::string id;
  } search{reinterpret_cast<uintptr_t>(&findBuildId), ""};
  auto visit = [](dl_phdr_info *object, size_t, void *data) {
    auto &search = *static_cast<Search *>(data);
    llvm::ArrayRef<ElfW(Phdr)> headers(object->dlpi_phdr, object->dlpi_phnum);
    bool isHere = llvm::any_of(headers, [&](const ElfW(Phdr) & header) {
      uintptr_t begin = object->dlpi_addr + header.p_vaddr;
      return header.p_type == PT_LOAD && search.address - begin < header.p_memsz;
    });
    if (!isHere)
      return 0;
    for (const ElfW(Phdr) & header : headers) {
      if (header.p_type != PT_NOTE)
        continue;
      const char *at = reinterpret_cast<const char *>(object->dlpi_addr + header.p_vaddr);
      for (const char *end = at + header.p_memsz; at + sizeof(ElfW(Nhdr)) <= end;) {
        ElfW(Nhdr) note;
        std::memcpy(&note, at, sizeof note);
        const char *name = at + sizeof note, *content = name + llvm::alignTo(note.n_namesz, 4);
        if (note.n_type == NT_GNU_BUILD_ID && llvm::StringRef(name, 3) == "GNU")
          search.id.assign(content, note.n_descsz);
        at = content + llvm::alignTo(note.n_descsz, 4);
      }
    }
    return 1;
  };
  dl_iterate_phdr(visit, &search);
  return search.id;
}

const std::string &buildId() {
  static const std::string id = findBuildId();
  return id;
}

/// The folder that the environment names; empty for none.
std::string chooseFolder() {
  auto variable = [](const char *name) {
    const char *value = std::getenv(name);
    return std::string(value ? value : "");
  };
  if (std::string own = variable("LAMINA_CACHE"); !own.empty())
    return own == "off" ? "" : own;
  if (std::string caches = variable("XDG_CACHE_HOME"); !caches.empty())
    return caches + "/lamina";
  std::string home = variable("HOME");
  return home.empty() ? "" : home + "/.cache/lamina";
}

/// Whether nobody else can have put code into the folder. One that is not there yet is fine.
bool isTrusted(const std::string &folder) {
  struct stat status = {};
  if (stat(folder.c_str(), &status) != 0)
    return errno == ENOENT;
  return S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

void makeFolders(const std::string &folder) {
  std::error_code ignored;
  fs::create_directories(fs::path(folder).parent_path(), ignored);
  mkdir(folder.c_str(), S_IRWXU);
}

struct File {
  fs::path path;
  uint64_t bytes = 0;
  fs::file_time_type used;
};

bool isOurs(llvm::StringRef name) {
  bool isHash = name.size() >= 32 && llvm::all_of(name.take_front(32), llvm::isHexDigit);
  return isHash && (name.ends_with(kSuffix) || name.ends_with(kTemporary));
}

std::vector<File> listFiles(const std::string &folder) {
  std::vector<File> files;
  std::error_code error;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder, error)) {
    if (!isOurs(entry.path().filename().string()))
      continue;
    File file{entry.path(), entry.file_size(error), entry.last_write_time(error)};
    if (!error)
      files.push_back(std::move(file));
  }
  return files;
}

} // namespace

KernelCache::KernelCache() : KernelCache(chooseFolder(), kDefaultLimit) {}

KernelCache::KernelCache(std::string folder, uint64_t limit)
    : folder_(std::move(folder)), limit_(limit) {
  if (!isOn())
    turnOff("LAMINA_CACHE is 'off', or neither it nor HOME is set");
  else if (buildId().empty())
    turnOff("this build of Lamina has no build id");
  else if (!isTrusted(folder_))
    turnOff(folder_ + " is not a folder that this user alone can write to");
}

void KernelCache::turnOff(std::string reason) {
  folder_.clear();
  reason_ = std::move(reason);
}

std::string KernelCache::pathOf(llvm::StringRef key) const {
  llvm::TruncatedBLAKE3<16> hasher;
  hasher.update(buildId());
  hasher.update(key);
  return folder_ + "/" + llvm::toHex(hasher.final(), /*LowerCase=*/true) + kSuffix.str();
}

std::optional<KernelCache::Entry> KernelCache::find(llvm::StringRef key) const {
  if (!isOn())
    return std::nullopt;
  std::string path = pathOf(key);
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false, /*IsVolatile=*/true);
  if (!file || (*file)->getBufferSize() < sizeof(Header))
    return std::nullopt;
  Header header, wanted;
  std::memcpy(&header, (*file)->getBufferStart(), sizeof header);
  llvm::StringRef object = (*file)->getBuffer().drop_front(sizeof header);
  wanted.scratchBytes = header.scratchBytes;
  setCheck(wanted, key, object);
  if (std::memcmp(&header, &wanted, sizeof header) != 0)
    return std::nullopt;
  struct stat status = {};
  if (stat(path.c_str(), &status) == 0 && time(nullptr) - status.st_mtime > kDay)
    utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
  return Entry{llvm::MemoryBuffer::getMemBufferCopy(object, key), header.scratchBytes};
}

void KernelCache::store(llvm::StringRef key, const llvm::MemoryBuffer &object,
                        int64_t scratchBytes) {
  if (!isOn())
    return;
  if (!hasFolder_)
    makeFolders(folder_);
  hasFolder_ = true;
  std::string path = pathOf(key);
  std::string temporary = path + "." + std::to_string(getpid()) + kTemporary.str();
  int descriptor =
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0)
    return turnOff("cannot write " + temporary + ": " + std::strerror(errno));
  Header header;
  header.scratchBytes = scratchBytes;
  setCheck(header, key, object.getBuffer());
  llvm::StringRef bytes = object.getBuffer();
  bool isWhole =
      writeAll(descriptor, std::as_bytes(std::span(&header, 1))).error == 0 &&
      writeAll(descriptor, std::as_bytes(std::span(bytes.data(), bytes.size()))).error == 0;
  // Not brought to the disk: what a crash leaves is not whole, which its check tells.
  isWhole = close(descriptor) == 0 && isWhole;
  if (!isWhole || rename(temporary.c_str(), path.c_str()) != 0) {
    turnOff("cannot write " + temporary + ": " + std::strerror(errno));
    unlink(temporary.c_str());
    return;
  }
  written_ += sizeof header + bytes.size();
}

void KernelCache::trim() {
  bool isLooker = !hasLooked_ && getpid() % kLookers == 0;
  if (!isOn() || written_ == 0 || (written_ < kMuch && !isLooker))
    return;
  hasLooked_ = true;
  written_ = 0;
  std::vector<File> files = listFiles(folder_);
  uint64_t all = 0;
  for (const File &file : files)
    all += file.bytes;
  if (all <= limit_)
    return;
  std::ranges::sort(files, {}, &File::used);
  // Some room is left, so that not every compilation has to remove files.
  for (const File &file : files) {
    if (all <= limit_ / 4 * 3)
      break;
    std::error_code ignored;
    fs::remove(file.path, ignored);
    all -= file.bytes;
  }
}

KernelCache::Statistics KernelCache::statistics() const {
  Statistics result{folder_, 0, 0, limit_};
  if (isOn())
    for (const File &file : listFiles(folder_)) {
      ++result.files;
      result.bytes += file.bytes;
    }
  return result;
}

KernelCache::Statistics KernelCache::clear() {
  Statistics before = statistics();
  if (isOn())
    for (const File &file : listFiles(folder_)) {
      std::error_code error;
      fs::remove(file.path, error);
      if (error)
        fail("cannot write {}: {}", folder_, error.message());
    }
  return before;
}

} // namespace lamina::codegen
