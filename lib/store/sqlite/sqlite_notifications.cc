#include "sqlite_notifications.h"

#include <string>
#include <utility>

#include "notification_writer.h"
#include "status_macros.h"

namespace solvent {
namespace {

// What one transaction removes at most, so that others get their turn.
constexpr int kPurgeMost = 2000;

constexpr char kLimits[] = "SELECT most_per_user, keep_micros FROM notification_limits";
constexpr char kSetLimits[] = "UPDATE notification_limits SET most_per_user = ?1, keep_micros = ?2";
constexpr char kTooOld[] =
    "SELECT 1 FROM notifications"
    " WHERE created_at < ?1 - (SELECT keep_micros FROM notification_limits) LIMIT 1";
constexpr char kPurge[] =
    "DELETE FROM notifications WHERE n IN (SELECT n FROM notifications"
    " WHERE created_at < ?1 - (SELECT keep_micros FROM notification_limits) LIMIT ?2)"
    " RETURNING box, is_read";

#define OF_BOX \
  "box = (SELECT k FROM notification_boxes WHERE organization_id = ?1 AND user_id = ?2)"
constexpr char kUnreadCount[] =
    "SELECT unread FROM notification_boxes WHERE organization_id = ?1 AND user_id = ?2";
constexpr char kIsRead[] = "SELECT is_read FROM notifications WHERE id = ?3 AND " OF_BOX;
constexpr char kMarkRead[] =
    "UPDATE notifications SET is_read = 1 WHERE id = ?3 AND is_read = 0 AND " OF_BOX;
constexpr char kMarkAllRead[] =
    "UPDATE notifications SET is_read = 1 WHERE is_read = 0 AND " OF_BOX;
constexpr char kCountRead[] =
    "UPDATE notification_boxes SET unread = unread - ?3"
    " WHERE organization_id = ?1 AND user_id = ?2";

#define NOTIFICATION_COLUMNS "SELECT id, type, title, message, data, link, is_read, created_at"
constexpr char kList[] =
    NOTIFICATION_COLUMNS " FROM notifications WHERE " OF_BOX " ORDER BY n DESC LIMIT ?3";
constexpr char kListUnread[] = NOTIFICATION_COLUMNS
    " FROM notifications WHERE is_read = 0 AND " OF_BOX " ORDER BY n DESC LIMIT ?3";
constexpr char kReadFrom[] = NOTIFICATION_COLUMNS
    ", organization_id, user_id, n FROM notifications JOIN notification_boxes ON k = box"
    " WHERE n >= ?1 ORDER BY n LIMIT ?2";
#undef NOTIFICATION_COLUMNS
#undef OF_BOX
// Counts those that were removed, too.
constexpr char kEnd[] =
    "SELECT coalesce((SELECT seq + 1 FROM sqlite_sequence WHERE name = 'notifications'), 1)";

constexpr int kNotificationColumns = 8;

absl::StatusOr<Notification> ReadNotification(const Query& row) {
  Notification n;
  n.id = row.Text(0);
  n.type = ParseNotificationType(row.Text(1)).value_or(NotificationType::kSystem);
  n.title = row.Text(2);
  n.message = row.Text(3);
  if (std::string data = row.Text(4); !data.empty()) {
    ASSIGN_OR_RETURN(n.data, ParseJson(data));
  }
  n.link = row.Text(5);
  n.is_read = row.Int(6) != 0;
  n.created_at = row.Int(7);
  return n;
}

absl::StatusOr<int64_t> ReadUnreadCount(Db& db, std::string_view organization,
                                        std::string_view user) {
  Query query(db, kUnreadCount, organization, user);
  if (query.Next()) return query.Int(0);
  RETURN_IF_ERROR(query.status());
  return 0;
}

}  // namespace

absl::Status SqliteNotifications::SetLimits(const Limits& limits) {
  {
    // A start that changes nothing writes nothing.
    Readers::Lease db(readers_);
    Query query(*db, kLimits);
    bool same =
        query.Next() && query.Int(0) == limits.most_per_user && query.Int(1) == limits.keep_micros;
    RETURN_IF_ERROR(query.status());
    if (same) return absl::OkStatus();
  }
  return writer_.Run(
      [&](Db& db) { return db.Run(kSetLimits, limits.most_per_user, limits.keep_micros); });
}

absl::StatusOr<int64_t> SqliteNotifications::Purge(int64_t now) {
  {
    Readers::Lease db(readers_);
    Query query(*db, kTooOld, now);
    bool any = query.Next();
    RETURN_IF_ERROR(query.status());
    if (!any) return 0;
  }
  return writer_.Get<int64_t>([&](Db& db) -> absl::StatusOr<int64_t> {
    std::vector<std::pair<int64_t, bool>> removed;  // box, read
    {
      Query query(db, kPurge, now, kPurgeMost);
      while (query.Next()) removed.emplace_back(query.Int(0), query.Int(1) != 0);
      RETURN_IF_ERROR(query.status());
    }
    for (auto [box, read] : removed)
      RETURN_IF_ERROR(UncountNotifications(db, box, 1, read ? 0 : 1));
    return static_cast<int64_t>(removed.size());
  });
}

absl::StatusOr<int64_t> SqliteNotifications::Add(const NewNotification& notification) {
  return writer_.Get<int64_t>([&](Db& db) { return TellUser(db, notification); });
}

absl::StatusOr<int64_t> SqliteNotifications::AddForAll(const NewNotification& notification) {
  return writer_.Get<int64_t>([&](Db& db) { return TellAllUsers(db, notification); });
}

absl::StatusOr<NotificationList> SqliteNotifications::List(std::string_view organization,
                                                           std::string_view user, bool unread_only,
                                                           int limit) {
  Readers::Lease db(readers_);
  ReadTransaction transaction(*db);
  RETURN_IF_ERROR(transaction.status());
  NotificationList list;
  ASSIGN_OR_RETURN(list.unread_count, ReadUnreadCount(*db, organization, user));
  Query query(*db, unread_only ? kListUnread : kList, organization, user, limit);
  while (query.Next()) {
    ASSIGN_OR_RETURN(Notification n, ReadNotification(query));
    n.organization_id = organization;
    n.user_id = user;
    list.items.push_back(std::move(n));
  }
  RETURN_IF_ERROR(query.status());
  return list;
}

absl::StatusOr<int64_t> SqliteNotifications::UnreadCount(std::string_view organization,
                                                         std::string_view user) {
  Readers::Lease db(readers_);
  return ReadUnreadCount(*db, organization, user);
}

absl::StatusOr<bool> SqliteNotifications::MarkRead(std::string_view organization,
                                                   std::string_view user, std::string_view id) {
  {
    // What is read stays so. Neither that nor a wrong id costs a turn of the writer.
    Readers::Lease db(readers_);
    Query query(*db, kIsRead, organization, user, id);
    bool found = query.Next();
    RETURN_IF_ERROR(query.status());
    if (!found) return false;
    if (query.Int(0) != 0) return true;
  }
  return writer_.Get<bool>([&](Db& db) -> absl::StatusOr<bool> {
    RETURN_IF_ERROR(db.Run(kMarkRead, organization, user, id));
    // None: another call has marked it, or it was too old, since the look.
    if (db.changes() == 1) RETURN_IF_ERROR(db.Run(kCountRead, organization, user, 1));
    return true;
  });
}

absl::StatusOr<int64_t> SqliteNotifications::MarkAllRead(std::string_view organization,
                                                         std::string_view user) {
  ASSIGN_OR_RETURN(int64_t unread, UnreadCount(organization, user));
  if (unread == 0) return 0;
  return writer_.Get<int64_t>([&](Db& db) -> absl::StatusOr<int64_t> {
    RETURN_IF_ERROR(db.Run(kMarkAllRead, organization, user));
    int64_t marked = db.changes();
    RETURN_IF_ERROR(db.Run(kCountRead, organization, user, marked));
    return marked;
  });
}

absl::StatusOr<int64_t> SqliteNotifications::End() {
  Readers::Lease db(readers_);
  return (*db).QueryInt(kEnd);
}

absl::StatusOr<std::vector<NotificationPort::Positioned>> SqliteNotifications::ReadFrom(
    int64_t position, int most) {
  Readers::Lease db(readers_);
  std::vector<Positioned> items;
  Query query(*db, kReadFrom, position, most);
  while (query.Next()) {
    ASSIGN_OR_RETURN(Notification n, ReadNotification(query));
    n.organization_id = query.Text(kNotificationColumns);
    n.user_id = query.Text(kNotificationColumns + 1);
    items.push_back({query.Int(kNotificationColumns + 2), std::move(n)});
  }
  RETURN_IF_ERROR(query.status());
  return items;
}

void SqliteNotifications::OnAdded(std::function<void()> callback) {
  writer_.OnArrival(Arrival::kNotification, std::move(callback));
}

}  // namespace solvent
