// GET /notifications, GET /notifications/unread-count, POST /notifications/{notification_id}/read
// and POST /notifications/read-all.
#include "api.h"
#include "requests.h"
#include "solvent/error.h"

namespace solvent::api {
namespace {

using http::Request;
using http::Response;

Response Marked(int64_t count) {
  Json body;
  body.Set("success", true).Set("marked_count", count);
  return Response::JsonValue(200, body);
}

absl::StatusOr<Response> ListNotifications(Context& context, Request& request) {
  absl::StatusOr<std::optional<bool>> unread_only = QueryBool(request, "unread_only");
  if (!unread_only.ok()) return unread_only.status();
  absl::StatusOr<int64_t> limit =
      QueryInt(request, "limit", 50, 1, NotificationCenter::kMostListed);
  if (!limit.ok()) return limit.status();
  absl::StatusOr<NotificationList> list = context.engine.notifications().List(
      CallerOf(request), unread_only->value_or(false), static_cast<int>(*limit));
  if (!list.ok()) return list.status();
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("items").BeginArray();
  for (const Notification& n : list->items) {
    w.BeginObject();
    w.Key("id").String(n.id);
    w.Key("type").String(ToString(n.type));
    w.Key("title").String(n.title);
    w.Key("message").String(n.message);
    w.Key("data").Value(n.data);
    w.Key("link");
    WriteTextOrNull(w, n.link);
    w.Key("is_read").Bool(n.is_read);
    w.Key("created_at");
    WriteTime(w, n.created_at);
    w.EndObject();
  }
  w.EndArray();
  w.Key("total").Int(static_cast<int64_t>(list->items.size()));
  w.Key("unread_count").Int(list->unread_count);
  w.EndObject();
  return Response::Json(200, std::move(text));
}

absl::StatusOr<Response> CountUnread(Context& context, Request& request) {
  absl::StatusOr<int64_t> count = context.engine.notifications().UnreadCount(CallerOf(request));
  if (!count.ok()) return count.status();
  Json body;
  body.Set("unread_count", *count);
  return Response::JsonValue(200, body);
}

absl::StatusOr<Response> MarkRead(Context& context, Request& request) {
  absl::Status status = context.engine.notifications().MarkRead(
      CallerOf(request), request.Parameter("notification_id"));
  if (!status.ok()) return status;
  return Marked(1);
}

absl::StatusOr<Response> MarkAllRead(Context& context, Request& request) {
  absl::StatusOr<int64_t> count = context.engine.notifications().MarkAllRead(CallerOf(request));
  if (!count.ok()) return count.status();
  return Marked(*count);
}

}  // namespace

absl::Status AddNotificationRoutes(http::HttpServer& server, Context& context) {
  const RouteRow rows[] = {
      {"GET", "/notifications", ListNotifications},
      {"GET", "/notifications/unread-count", CountUnread},
      {"POST", "/notifications/{notification_id}/read", MarkRead},
      {"POST", "/notifications/read-all", MarkAllRead},
  };
  // The two POST routes need no body, and read none.
  return AddTable(server, context, kBase, rows,
                  [](http::Route& route) { route.json_body_only = false; });
}

}  // namespace solvent::api
