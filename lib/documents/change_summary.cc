#include "change_summary.h"

#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "text_length.h"
#include "version_diff.h"

namespace solvent {
namespace {

std::string Label(const Json& node) {
  for (const Json* label : {&node["data"]["label"], &node["label"], &node["id"]}) {
    if (label->is_string() && !label->as_string().empty()) return label->as_string();
  }
  return node["id"].Dump();
}

// Cut at a character's border.
std::string Shorten(std::string text) {
  if (Utf8Length(text) <= kMaxSummary) return text;
  size_t kept = 0;
  size_t end = 0;
  while (end < text.size()) {
    if ((text[end] & 0xC0) != 0x80 && ++kept > kMaxSummary - 3) break;
    ++end;
  }
  text.resize(end);
  return text + "...";
}

void Append(std::string& summary, std::string_view what, const std::vector<std::string>& labels) {
  if (labels.empty()) return;
  if (!summary.empty()) summary += "; ";
  summary += what;
  for (size_t i = 0; i < labels.size() && summary.size() < 4 * kMaxSummary; ++i) {
    summary += (i == 0 ? " " : ", ") + labels[i];
  }
}

}  // namespace

std::string FirstSummary() { return "First version"; }

std::string SummarizeChange(const Json& old_canvas, const Json& old_model, const Json& new_canvas,
                            const Json& new_model) {
  std::vector<std::string> added, removed, modified;
  std::unordered_map<std::string, const Json*> before;
  for (const Json& node : old_canvas["nodes"].array()) before.emplace(node["id"].Dump(), &node);
  for (const Json& node : new_canvas["nodes"].array()) {
    auto found = before.find(node["id"].Dump());
    if (found == before.end()) {
      added.push_back(Label(node));
      continue;
    }
    if (!SameContent(*found->second, node)) modified.push_back(Label(node));
    before.erase(found);
  }
  for (const Json& node : old_canvas["nodes"].array()) {
    if (before.count(node["id"].Dump()) > 0) removed.push_back(Label(node));
  }
  std::string summary;
  Append(summary, "Added", added);
  Append(summary, "Removed", removed);
  Append(summary, "Modified", modified);
  if (summary.empty() && !SameContent(old_canvas, new_canvas)) summary = "Canvas changed";
  ModelDiff model = DiffModels(old_model, new_model);
  if (!model.changes.empty()) {
    if (!summary.empty()) summary += "; ";
    summary += "Model: " + std::to_string(model.changes.size()) +
               (model.truncated             ? " or more changes"
                : model.changes.size() == 1 ? " change"
                                            : " changes");
  }
  return summary.empty() ? "No changes" : Shorten(std::move(summary));
}

}  // namespace solvent
