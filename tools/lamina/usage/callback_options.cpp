#include "tools/lamina/usage/callback_options.h"

#include <algorithm>
#include <utility>

#include "support/error.h"
#include "tools/lamina/usage/setting_list.h"
#include "trainer/callbacks/swap_averages.h"

namespace lamina::tools {

namespace {

constexpr const char *kEarlyStopping = "--early-stopping";
constexpr const char *kPlateau = "--reduce-lr-on-plateau";
constexpr const char *kCheckpoint = "--model-checkpoint";
constexpr const char *kScheduler = "--learning-rate-scheduler";
constexpr const char *kSwap = "--swap-ema-weights";

trainer::MonitorMode readMode(SettingList &settings) {
  std::string mode = settings.text("mode").value_or("auto");
  if (mode == "auto")
    return trainer::MonitorMode::Auto;
  if (mode == "min")
    return trainer::MonitorMode::Min;
  if (mode == "max")
    return trainer::MonitorMode::Max;
  settings.failSetting("mode", "auto, min or max");
}

} // namespace

void CallbackOptions::add(CLI::App &command) {
  command.add_option(kEarlyStopping, earlyStopping,
                     "End the training when a log no longer improves, as Keras' EarlyStopping: "
                     "monitor=val_loss,patience=0,min-delta=0,mode=auto|min|max,baseline=X,"
                     "start-from-epoch=0,restore-best");
  command.add_option(kPlateau, reduceOnPlateau,
                     "Lower the learning rate when a log no longer improves, as Keras' "
                     "ReduceLROnPlateau: monitor=val_loss,factor=0.1,patience=10,min-delta=1e-4,"
                     "mode=auto|min|max,cooldown=0,min-lr=0");
  command.add_option(
      kCheckpoint, modelCheckpoint,
      "Write the model after every epoch, as Keras' ModelCheckpoint: "
      "FILE,save-best-only,monitor=val_loss,mode=auto|min|max,"
      "initial-value-threshold=X; FILE may hold {epoch:02d} and logs, {val_loss:.4f}");
  command.add_option(kScheduler, rateScheduler,
                     "Set the learning rate before epochs, as Keras' LearningRateScheduler: "
                     "EPOCH=RATE,... from these epochs on (the first is 0), or "
                     "factor=X,start-from-epoch=0 to multiply it before every epoch");
  command.add_option(kSwap, swapAverages,
                     "Put the optimizer's moving averages in the weights' place, as Keras' "
                     "SwapEMAWeights: for evaluation, or from each epoch's end (epoch)");
}

Callbacks::Callbacks(const CallbackOptions &options, std::vector<std::string> logs, bool reports)
    : logs_(std::move(logs)), reports_(reports) {
  if (options.reduceOnPlateau || options.rateScheduler)
    logs_.push_back("learning_rate");
  if (options.earlyStopping)
    readEarlyStopping(*options.earlyStopping);
  if (options.reduceOnPlateau)
    readPlateau(*options.reduceOnPlateau);
  if (options.modelCheckpoint)
    readCheckpoint(*options.modelCheckpoint);
  if (options.rateScheduler)
    readScheduler(*options.rateScheduler);
  if (options.swapAverages)
    readSwap(*options.swapAverages);
}

trainer::MonitorOptions Callbacks::readMonitor(SettingList &settings, const char *option,
                                               double minDelta) const {
  trainer::MonitorOptions monitor;
  monitor.monitor = settings.text("monitor").value_or(monitor.monitor);
  monitor.mode = readMode(settings);
  monitor.minDelta = minDelta;
  if (std::find(logs_.begin(), logs_.end(), monitor.monitor) == logs_.end())
    fail("{}: there is no log '{}' to monitor; the logs are {}{}", option,
         printable(monitor.monitor), fmt::join(logs_, ", "),
         monitor.monitor.starts_with("val_") ? " (those of validation need --validation-data or "
                                               "--validation-split)"
                                             : "");
  return monitor;
}

void Callbacks::readEarlyStopping(const std::string &text) {
  SettingList settings(kEarlyStopping, text);
  trainer::EarlyStoppingOptions stopping;
  stopping.monitor = readMonitor(settings, kEarlyStopping, settings.number("min-delta", 0));
  stopping.patience = settings.count("patience", stopping.patience);
  stopping.baseline = settings.optionalNumber("baseline");
  stopping.startFromEpoch = settings.count("start-from-epoch", stopping.startFromEpoch);
  stopping.restoreBest = settings.flag("restore-best");
  stopping.reports = reports_;
  settings.finish();
  earlyStopping_ = stopping;
}

void Callbacks::readPlateau(const std::string &text) {
  SettingList settings(kPlateau, text);
  trainer::PlateauOptions plateau;
  double minDelta = settings.number("min-delta", plateau.monitor.minDelta);
  plateau.monitor = readMonitor(settings, kPlateau, minDelta);
  plateau.factor = settings.number("factor", plateau.factor);
  if (!(plateau.factor < 1))
    settings.failSetting("factor", "below 1");
  plateau.patience = settings.count("patience", plateau.patience);
  plateau.cooldown = settings.count("cooldown", plateau.cooldown);
  plateau.minRate = settings.number("min-lr", plateau.minRate);
  plateau.reports = reports_;
  settings.finish();
  plateau_ = plateau;
}

void Callbacks::readCheckpoint(const std::string &text) {
  SettingList settings(kCheckpoint, text);
  trainer::ModelCheckpointOptions checkpoint;
  checkpoint.path = settings.takeFirst();
  if (!checkpoint.path.ends_with(".keras"))
    fail("{}: it must begin with a .keras file to write, not '{}'", kCheckpoint,
         printable(checkpoint.path));
  checkpoint.savesBestOnly = settings.flag("save-best-only");
  if (checkpoint.savesBestOnly) {
    checkpoint.monitor = readMonitor(settings, kCheckpoint, 0);
    checkpoint.threshold = settings.optionalNumber("initial-value-threshold");
  }
  settings.finish();
  trainer::Logs zeros;
  for (const std::string &log : logs_)
    zeros[log] = 0;
  trainer::formatPath(checkpoint.path, 0, zeros);
  checkpoint_ = checkpoint;
}

void Callbacks::readScheduler(const std::string &text) {
  SettingList settings(kScheduler, text);
  trainer::RateSchedule schedule;
  schedule.rates = settings.numbered();
  if (schedule.rates.empty()) {
    std::optional<double> factor = settings.optionalNumber("factor");
    if (!factor)
      fail("{}: it needs EPOCH=RATE,... or factor=X", kScheduler);
    schedule.factor = *factor;
    schedule.startFromEpoch = settings.count("start-from-epoch", 0);
  }
  settings.finish();
  scheduler_ = schedule;
}

void Callbacks::readSwap(const std::string &text) {
  if (text != "evaluation" && text != "epoch")
    fail("{}: it must be 'evaluation' or 'epoch', not '{}'", kSwap, printable(text));
  swapsOnEpoch_ = text == "epoch";
}

void Callbacks::requireFor(const trainer::ModelRunner &runner) const {
  if ((plateau_ || scheduler_) && !runner.hasLearningRate())
    fail("{}: the optimizer's learning rate follows a schedule, which {} cannot change; give "
         "--learning-rate to start from a number",
         runner.name(), plateau_ ? kPlateau : kScheduler);
  if (swapsOnEpoch_ && !runner.hasAverages())
    fail("{}: {} needs an optimizer that keeps moving averages (use_ema=True in Keras)",
         runner.name(), kSwap);
}

std::vector<std::unique_ptr<trainer::FitCallback>>
Callbacks::create(const trainer::ModelRunner &runner,
                  const trainer::ModelCheckpoint::Write &write) const {
  requireFor(runner);
  std::vector<std::unique_ptr<trainer::FitCallback>> callbacks;
  if (swapsOnEpoch_)
    callbacks.push_back(std::make_unique<trainer::SwapAverages>(*swapsOnEpoch_));
  if (scheduler_)
    callbacks.push_back(std::make_unique<trainer::RateScheduler>(*scheduler_));
  if (plateau_)
    callbacks.push_back(std::make_unique<trainer::ReduceOnPlateau>(*plateau_));
  if (checkpoint_)
    callbacks.push_back(std::make_unique<trainer::ModelCheckpoint>(*checkpoint_, write));
  if (earlyStopping_)
    callbacks.push_back(std::make_unique<trainer::EarlyStopping>(*earlyStopping_));
  return callbacks;
}

} // namespace lamina::tools
