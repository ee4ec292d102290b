#include "support/atomic_file.h"

#include <csignal>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/unit/files/test_files.h"

namespace lamina::frontend {
namespace {

TEST(AtomicFile, WritesAndReplaces) {
  TemporaryFolder folder;
  writeFileAtomically(folder.path("a"), "first");
  EXPECT_EQ(folder.read("a"), "first");
  writeFileAtomically(folder.path("a"), "second");
  EXPECT_EQ(folder.read("a"), "second");
  EXPECT_EQ(folder.fileCount(), 1u);
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  TemporaryFolder folder;
  folder.write("a", "old");
  {
    AtomicFile file(folder.path("a"));
    file.write("half of the new content");
    EXPECT_EQ(file.size(), 23u);
    EXPECT_EQ(folder.read("a"), "old");
    EXPECT_EQ(folder.fileCount(), 2u);
  }
  EXPECT_EQ(folder.read("a"), "old");
  EXPECT_EQ(folder.fileCount(), 1u);
}

TEST(AtomicFile, KeepsPermissionsAndFollowsLinks) {
  TemporaryFolder folder;
  folder.write("real", "old");
  chmod(folder.path("real").c_str(), 0640);
  ASSERT_EQ(symlink("real", folder.path("link").c_str()), 0);
  writeFileAtomically(folder.path("link"), "new");
  EXPECT_EQ(folder.read("real"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path("link")));
  struct stat status = {};
  ASSERT_EQ(stat(folder.path("real").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640u);
}

TEST(AtomicFile, RemovesWhatKilledWritersHaveLeft) {
  TemporaryFolder folder;
  pid_t child = fork();
  if (child == 0) {
    AtomicFile file(folder.path("a"));
    file.write("half");
    raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(folder.fileCount(), 1u);
  writeFileAtomically(folder.path("a"), "whole");
  EXPECT_EQ(folder.fileCount(), 1u);
  EXPECT_EQ(folder.read("a"), "whole");
}

TEST(AtomicFile, LeavesLivingWritersAndOtherFilesAlone) {
  TemporaryFolder folder;
  for (const char *name : {"a.tmp", "a.1.tmp", "a.1-x.tmp", "b.1-2.tmp", "xa.1-2.tmp"})
    folder.write(name, "somebody's");
  AtomicFile slow(folder.path("a"));
  slow.write("slow");
  writeFileAtomically(folder.path("a"), "quick");
  EXPECT_EQ(folder.read("a"), "quick");
  EXPECT_EQ(folder.fileCount(), 7u);
  slow.commit();
  EXPECT_EQ(folder.read("a"), "slow");
  EXPECT_EQ(folder.fileCount(), 6u);
}

TEST(AtomicFile, WritesToDevicesWithoutReplacingThem) {
  writeFileAtomically("/dev/null", "gone");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(AtomicFile, SaysWhyItCannotWrite) {
  TemporaryFolder folder;
  std::string missing = folder.path("no/such/folder.keras");
  EXPECT_EQ(errorOf([&] { writeFileAtomically(missing, "x"); }),
            "cannot write " + missing + ": No such file or directory");
  EXPECT_EQ(errorOf([&] { writeFileAtomically(folder.path(""), "x"); }),
            "cannot write " + folder.path("") + ": Is a directory");
  folder.write("file", "");
  EXPECT_EQ(errorOf([&] { writeFileAtomically(folder.path("file/below"), "x"); }),
            "cannot write " + folder.path("file/below") + ": Not a directory");
}

TEST(AtomicFile, SaysThatTheDeviceIsFull) {
  EXPECT_EQ(errorOf([] { writeFileAtomically("/dev/full", "x"); }),
            "cannot write /dev/full: No space left on device");
}

} // namespace
} // namespace lamina::frontend
