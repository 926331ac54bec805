#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "readers.h"
#include "webhook_port.h"
#include "webhook_rows.h"
#include "writer.h"

namespace solvent {

class SqliteWebhooks : public WebhookPort {
 public:
  SqliteWebhooks(Writer& writer, Readers& readers, WebhookBell& bell)
      : writer_(writer), readers_(readers), bell_(bell) {}

  void Listen(std::function<void()> listener) override { bell_.Listen(std::move(listener)); }
  absl::StatusOr<ClaimedWebhooks> Claim(const WebhookClaim& claim) override;
  absl::StatusOr<int64_t> NextDue() override;
  absl::StatusOr<std::string> Payload(std::string_view delivery) override;
  absl::Status Finish(const WebhookOutcome& outcome) override;
  absl::StatusOr<std::vector<WebhookDelivery>> List(std::string_view organization,
                                                    std::string_view trigger,
                                                    std::string_view run) override;
  absl::StatusOr<WebhookDelivery> Redeliver(std::string_view organization, std::string_view trigger,
                                            std::string_view run, std::string_view delivery,
                                            int64_t now) override;
  absl::StatusOr<Stats> Count() override;
  absl::StatusOr<int64_t> Prune(int64_t ended_before, int most) override;

 private:
  // These run on the writing thread, inside its transaction.
  static absl::Status DoFinish(Db& db, const WebhookOutcome& outcome);
  static absl::StatusOr<int64_t> DoPrune(Db& db, int64_t ended_before, int most);

  Writer& writer_;
  Readers& readers_;
  WebhookBell& bell_;
};

}  // namespace solvent
