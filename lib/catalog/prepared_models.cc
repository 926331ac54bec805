#include "prepared_models.h"

#include "crypto.h"
#include "model_definition.h"
#include "status_macros.h"

namespace solvent {

absl::StatusOr<std::shared_ptr<const PreparedModel>> PreparedModels::Get(
    ModelDefinition definition) {
  std::string hash = HexEncode(Sha256(DefinitionToJson(definition).Dump()));
  {
    Lock lock(mutex_);
    if (auto found = by_hash_.find(hash); found != by_hash_.end()) {
      ++hits_;
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->second;
    }
    ++misses_;
  }
  // Two threads may prepare the same model at once; both results are good, the first is kept.
  ASSIGN_OR_RETURN(std::shared_ptr<const PreparedModel> model,
                   PreparedModel::Prepare(std::move(definition), stopping_.get_token()));
  size_t bytes = model->document().size();
  if (bytes > max_bytes_ / 4) return model;
  Lock lock(mutex_);
  if (auto found = by_hash_.find(hash); found != by_hash_.end()) return found->second->second;
  entries_.emplace_front(hash, model);
  by_hash_.emplace(std::move(hash), entries_.begin());
  bytes_ += bytes;
  while (entries_.size() > max_entries_ || bytes_ > max_bytes_) {
    bytes_ -= entries_.back().second->document().size();
    by_hash_.erase(entries_.back().first);
    entries_.pop_back();
  }
  return model;
}

PreparedModels::Stats PreparedModels::stats() const {
  Lock lock(mutex_);
  return {hits_, misses_, entries_.size(), bytes_};
}

}  // namespace solvent
