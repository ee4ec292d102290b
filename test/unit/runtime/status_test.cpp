#include <set>
#include <string>

#include <gtest/gtest.h>

#include "runtime/lamina_runtime.h"

TEST(Status, EveryCodeHasItsOwnText) {
  std::set<std::string> texts;
  for (int status = LAMINA_OK; status <= LAMINA_ERROR_SCRATCH; ++status)
    texts.insert(lamina_status_text(status));
  EXPECT_EQ(texts.size(), size_t(LAMINA_ERROR_SCRATCH + 1));
  EXPECT_FALSE(texts.count("unknown status code"));
}

TEST(Status, UnknownCodesHaveATextToo) {
  EXPECT_STREQ(lamina_status_text(-1), "unknown status code");
  EXPECT_STREQ(lamina_status_text(1000), "unknown status code");
}

TEST(Status, TextsAreStable) {
  EXPECT_STREQ(lamina_status_text(LAMINA_OK), "done");
  EXPECT_STREQ(lamina_status_text(LAMINA_ERROR_NULL), "a required pointer is null");
  EXPECT_STREQ(lamina_status_text(LAMINA_ERROR_ROWS),
               "the number of rows is 0 or more than the compiled batch size");
  EXPECT_STREQ(lamina_status_text(LAMINA_ERROR_ABI),
               "the environment has an ABI version that the compiled code does not take");
  EXPECT_STREQ(lamina_status_text(LAMINA_ERROR_SCRATCH),
               "the environment's scratch memory is null, not aligned or too small for its slots");
  EXPECT_STREQ(lamina_status_text(LAMINA_ERROR_LABEL),
               "an integer target is not a class of the model");
}
