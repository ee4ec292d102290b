// Values beside those of scipy.special.betainc, scipy.stats.f.sf and scipy.stats.pearsonr.
#include "statistics/distributions.h"

#include <cmath>

#include <gtest/gtest.h>

namespace lamina::statistics {
namespace {

void expectNear(double value, double wanted) {
  EXPECT_NEAR(value, wanted, 1e-12 * std::abs(wanted));
}

TEST(Distributions, IncompleteBeta) {
  expectNear(incompleteBeta(2, 3, 0.25, 0.75), 0.26171875);
  expectNear(incompleteBeta(0.5, 0.5, 0.125, 0.875), 0.2300534561626159);
  expectNear(incompleteBeta(50, 0.5, 0.75, 0.25), 8.769694091866948e-08);
  expectNear(incompleteBeta(5, 40, 0.5, 0.5), 0.999999991474283);
  EXPECT_EQ(incompleteBeta(2, 3, 0, 1), 0);
  EXPECT_EQ(incompleteBeta(2, 3, 1, 0), 1);
}

TEST(Distributions, CorrelationPValue) {
  expectNear(correlationPValue(0.5, 10), 0.14111328125000006);
  expectNear(correlationPValue(-0.25, 100), 0.012123198389913784);
  expectNear(correlationPValue(0.03125, 5000), 0.027126278681119706);
  expectNear(correlationPValue(0.75, 40), 2.5387839331189373e-08);
  EXPECT_EQ(correlationPValue(0.7, 2), 1);
  EXPECT_EQ(correlationPValue(1, 9), 0);
  EXPECT_TRUE(std::isnan(correlationPValue(0.7, 1)));
  EXPECT_TRUE(std::isnan(correlationPValue(std::nan(""), 9)));
}

TEST(Distributions, TailOfF) {
  expectNear(fDistributionTail(3.5, 2, 147), 0.03273792297069816);
  expectNear(fDistributionTail(0.5, 3, 20), 0.686518612836403);
  expectNear(fDistributionTail(40, 1, 9), 0.00013693655926523);
  EXPECT_EQ(fDistributionTail(INFINITY, 2, 5), 0);
  EXPECT_TRUE(std::isnan(fDistributionTail(1, 2, 0)));
}

} // namespace
} // namespace lamina::statistics
