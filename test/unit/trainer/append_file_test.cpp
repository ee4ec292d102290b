#include "support/append_file.h"

#include <csignal>

#include <sys/resource.h>

#include "test/unit/trainer/fixtures.h"

using namespace lamina;
using namespace lamina::trainer::test;
using Content = AppendFile::Content;

namespace {

/// No file may become larger than so many bytes, as long as this lives.
class FileSizeLimit {
public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

private:
  void (*handler_)(int);
  rlimit before_{};
};

} // namespace

TEST(AppendFile, ReplacesOrKeepsWhatIsThere) {
  TemporaryFolder folder;
  std::string path = folder.write("log", "old\n");
  AppendFile(path, Content::Kept).append("more\n");
  EXPECT_EQ(readText(path), "old\nmore\n");
  AppendFile(path, Content::Replaced).append("new\n");
  EXPECT_EQ(readText(path), "new\n");
}

TEST(AppendFile, NeverEndsInHalfARecord) {
  for (Content content : {Content::Replaced, Content::Kept}) {
    TemporaryFolder folder;
    std::string path = folder / "log";
    AppendFile file(path, content);
    file.append("first\n");
    {
      FileSizeLimit limit(9);
      for (const char *record : {"second\n", "third\n"})
        EXPECT_EQ(errorOf([&] { file.append(record); }),
                  "cannot write " + path + ": File too large");
      EXPECT_EQ(readText(path), "first\n");
    }
    file.append("fourth\n");
    EXPECT_EQ(readText(path), "first\nsecond\nthird\nfourth\n");
  }
}

TEST(AppendFile, SaysWhyItCannotWrite) {
  TemporaryFolder folder;
  EXPECT_EQ(errorOf([&] { AppendFile(folder / "no/log", Content::Replaced); }),
            "cannot write " + (folder / "no/log") + ": No such file or directory");
  EXPECT_EQ(errorOf([] { AppendFile("/dev/full", Content::Replaced).append("x"); }),
            "cannot write /dev/full: No space left on device");
}
