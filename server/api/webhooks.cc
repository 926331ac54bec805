// The delivery log: /triggers/{id}/runs/{run_id}/deliveries….
#include <utility>

#include "api.h"
#include "requests.h"
#include "solvent/webhook.h"

namespace solvent::api {
namespace {

using http::Request;
using http::Response;

void WriteAttempt(JsonWriter& w, const WebhookAttempt& attempt) {
  w.BeginObject();
  w.Key("number").Int(attempt.number);
  w.Key("started_at");
  WriteTime(w, attempt.started_at);
  w.Key("duration_ms");
  if (attempt.ended) {
    w.Double(static_cast<double>(attempt.duration_micros) / 1e3);
  } else {
    w.Null();
  }
  w.Key("status");
  if (attempt.status != 0) {
    w.Int(attempt.status);
  } else {
    w.Null();
  }
  w.Key("error");
  WriteTextOrNull(w, attempt.error);
  w.EndObject();
}

void WriteDelivery(JsonWriter& w, const WebhookDelivery& delivery) {
  w.BeginObject();
  w.Key("id").String(delivery.id);
  w.Key("trigger_id").String(delivery.trigger_id);
  w.Key("run_id").String(delivery.run_id);
  w.Key("event").String(delivery.event);
  w.Key("state").String(ToString(delivery.state));
  w.Key("created_at");
  WriteTime(w, delivery.created_at);
  w.Key("completed_at");
  WriteTime(w, delivery.completed_at);
  w.Key("next_attempt_at");
  WriteTime(w, delivery.next_attempt_at);
  w.Key("attempts").BeginArray();
  for (const WebhookAttempt& attempt : delivery.attempts) WriteAttempt(w, attempt);
  w.EndArray();
  w.EndObject();
}

absl::StatusOr<Response> ListDeliveries(Context& context, Request& request) {
  absl::StatusOr<std::vector<WebhookDelivery>> deliveries =
      context.engine.webhooks().List(CallerOf(request).organization_id,
                                     request.Parameter("trigger_id"), request.Parameter("run_id"));
  if (!deliveries.ok()) return deliveries.status();
  std::string text;
  JsonWriter w(text);
  w.BeginArray();
  for (const WebhookDelivery& delivery : *deliveries) WriteDelivery(w, delivery);
  w.EndArray();
  return Response::Json(200, std::move(text));
}

absl::StatusOr<Response> Redeliver(Context& context, Request& request) {
  absl::StatusOr<WebhookDelivery> delivery = context.engine.webhooks().Redeliver(
      CallerOf(request).organization_id, request.Parameter("trigger_id"),
      request.Parameter("run_id"), request.Parameter("delivery_id"));
  if (!delivery.ok()) return delivery.status();
  std::string text;
  JsonWriter w(text);
  WriteDelivery(w, *delivery);
  return Response::Json(202, std::move(text));
}

}  // namespace

absl::Status AddWebhookRoutes(http::HttpServer& server, Context& context) {
  const RouteRow rows[] = {
      {"GET", "", ListDeliveries},
      {"POST", "/{delivery_id}/redeliver", Redeliver},
  };
  return AddTable(server, context,
                  std::string(kBase) + "/triggers/{trigger_id}/runs/{run_id}/deliveries", rows);
}

}  // namespace solvent::api
