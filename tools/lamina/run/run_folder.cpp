#include "tools/lamina/run/run_folder.h"

#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>

#include <sys/utsname.h>
#include <unistd.h>

#include "support/atomic_file.h"
#include "support/error.h"
#include "tools/lamina/usage/version.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"

namespace lamina::tools {

namespace {

using nlohmann::ordered_json;

/// "2026-01-31T12:00:00Z"
std::string timeText() {
  std::time_t now = std::time(nullptr);
  std::tm parts = {};
  gmtime_r(&now, &parts);
  std::array<char, 32> text = {};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

ordered_json describeMachine(uint32_t threads) {
  utsname system = {};
  uname(&system);
  auto pages = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES));
  return {{"processor", processorText()},
          {"threads", threads},
          {"memory_bytes", pages * static_cast<int64_t>(sysconf(_SC_PAGESIZE))},
          {"system", fmt::format("{} {}", system.sysname, system.release)}};
}

ordered_json describeFile(const std::string &path) {
  std::error_code error;
  std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return {{"path", error ? path : absolute.lexically_normal().string()}};
}

} // namespace

std::string hashFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (path.empty() || !file)
    return "";
  llvm::SHA256 hash;
  std::vector<char> chunk(size_t(1) << 20);
  while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || file.gcount() > 0)
    hash.update(llvm::StringRef(chunk.data(), static_cast<size_t>(file.gcount())));
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

RunFolder::RunFolder(const std::string &folder, bool resumes) : paths_(folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    fail("cannot write {}: {}", printable(folder, 4096), error.message());
  if (!resumes && std::filesystem::exists(paths_.record, error))
    fail("cannot write {}: it holds a run already; go on with it by --resume, or choose another "
         "folder",
         printable(folder, 4096));
}

void RunFolder::begin(const RunDescription &run) {
  began_ = std::chrono::steady_clock::now();
  std::vector<std::string> files = {run.model, run.data, run.validationData};
  auto hashAll = [files] {
    std::vector<std::string> hashes;
    for (const std::string &file : files)
      hashes.push_back(hashFile(file));
    return hashes;
  };
  try {
    hashes_ = std::async(std::launch::async, hashAll);
  } catch (const std::system_error &) {
    hashes_ = std::async(std::launch::deferred, hashAll);
  }
  record_ = {{"lamina_run", 1},
             {"status", "running"},
             {"started", timeText()},
             {"arguments", run.arguments},
             {"model", describeFile(run.model)},
             {"data", describeFile(run.data)}};
  record_["data"]["rows"] = run.rows;
  if (run.validationRows) {
    // A part of the data where no file is named.
    record_["validation"] = run.validationData.empty() ? ordered_json(ordered_json::object())
                                                       : describeFile(run.validationData);
    record_["validation"]["rows"] = run.validationRows;
  }
  record_["batch_size"] = run.batchSize;
  record_["seed"] = run.seed;
  record_["machine"] = describeMachine(run.threads);
  record_["versions"] = versionText();
  write();
}

void RunFolder::end(const std::string &status, const std::string &error) {
  std::vector<std::string> hashes = hashes_.get();
  record_["model"]["sha256"] = hashes[0];
  record_["data"]["sha256"] = hashes[1];
  if (!hashes[2].empty())
    record_["validation"]["sha256"] = hashes[2];
  record_["status"] = status;
  if (!error.empty())
    record_["error"] = error;
  record_["ended"] = timeText();
  std::chrono::duration<double> taken = std::chrono::steady_clock::now() - began_;
  record_["seconds"] = taken.count();
  write();
}

void RunFolder::write() const {
  writeFileAtomically(
      paths_.record,
      std::string_view(record_.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n"));
}

} // namespace lamina::tools
