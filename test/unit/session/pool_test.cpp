// Sessions of one process share one pool.
#include "session/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error.h"

namespace lamina::session {
namespace {

TEST(SharedPool, IsOneAsLongAsSomebodyHasIt) {
  EXPECT_FALSE(hasSharedPool());
  auto first = sharePool(3);
  EXPECT_TRUE(hasSharedPool());
  EXPECT_EQ(first->threads(), 3u);
  EXPECT_EQ(sharePool(3), first);
  EXPECT_EQ(sharePool(0), first) << "0 takes what there is";
  first.reset();
  EXPECT_FALSE(hasSharedPool());
  EXPECT_EQ(sharePool(2)->threads(), 2u);
}

TEST(SharedPool, HasNoOtherNumberOfThreadsMeanwhile) {
  auto pool = sharePool(2);
  try {
    sharePool(4);
    FAIL() << "a second pool";
  } catch (const UserError &error) {
    EXPECT_STREQ(error.what(),
                 "the sessions of this process share 2 threads, but 4 are asked for; end the "
                 "others first, or ask for as many");
  }
}

} // namespace
} // namespace lamina::session
