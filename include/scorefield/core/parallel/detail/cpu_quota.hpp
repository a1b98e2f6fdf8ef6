/// CPU quotas of Linux control groups (cgroups): how much of the processors a container leaves to this process.
#pragma once

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>

namespace scorefield::detail {

/// The processors that `quota` microseconds in each `period` are, rounded up; nothing where there is no limit.
inline std::optional<int> processors_of(long long quota, long long period) {
  if (quota <= 0 || period <= 0) return {};
  return static_cast<int>(std::clamp(quota / period + (quota % period > 0), 1LL, 1LL << 20));
}

/// The quota of one group: version 2 keeps quota and period in cpu.max, the quota "max" where there is none; version 1
/// in a file each, the quota -1 where there is none.
inline std::optional<int> quota_of_group(const std::string& folder) {
  long long quota = 0, period = 0;
  if (std::ifstream file(folder + "/cpu.max"); file >> quota >> period) return processors_of(quota, period);
  if (std::ifstream(folder + "/cpu.cfs_quota_us") >> quota && std::ifstream(folder + "/cpu.cfs_period_us") >> period)
    return processors_of(quota, period);
  return {};
}

/// The smallest quota of a group and all above it; `path` begins with / where it is not empty. Of a container that has
/// no view of its own of the groups, the path may not exist: then that of the mount counts.
inline std::optional<int> smallest_quota(const std::string& mount, std::string path) {
  std::optional<int> smallest;
  for (;;) {
    if (const auto quota = quota_of_group(mount + path)) smallest = std::min(*quota, smallest.value_or(*quota));
    if (path.empty()) return smallest;
    path.erase(path.rfind('/'));
  }
}

/// The processors that the groups of this process leave to it, rounded up; nothing where there is no limit. Groups are
/// mounted on `mounts`; `membership` has a line "0::<path>" for version 2, and "<number>:<controllers>:<path>" for each
/// kind of version 1.
inline std::optional<int> cpu_quota(const std::string& membership = "/proc/self/cgroup",
                                    const std::string& mounts = "/sys/fs/cgroup") {
  std::optional<int> smallest;
  std::ifstream groups(membership);
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    std::string path = line.substr(second + 1);
    if (path.empty() || path.front() != '/' || path == "/") path.clear();
    std::string mount = mounts;
    if (!controllers.empty()) {
      if (("," + controllers + ",").find(",cpu,") == std::string::npos) continue;
      mount += "/" + controllers;
    }
    if (const auto quota = smallest_quota(mount, path)) smallest = std::min(*quota, smallest.value_or(*quota));
  }
  return smallest;
}

}  // namespace scorefield::detail
