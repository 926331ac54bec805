#include "notification_writer.h"

#include <string>
#include <utility>
#include <vector>

#include "ids.h"
#include "status_macros.h"

namespace solvent {
namespace {

constexpr char kGone[] =
    "SELECT 1 FROM users WHERE id = ?1 AND (is_active = 0 OR organization_id <> ?2)";
constexpr char kActiveUsers[] =
    "SELECT id FROM users WHERE organization_id = ?1 AND is_active = 1 ORDER BY name";
constexpr char kToldAlready[] =
    "SELECT 1 FROM notifications WHERE box ="
    " (SELECT k FROM notification_boxes WHERE organization_id = ?1 AND user_id = ?2)"
    " AND once_key <> '' AND once_key = ?3 AND created_at > ?4";
constexpr char kCount[] =
    "INSERT INTO notification_boxes (organization_id, user_id, total, unread, last_created_at)"
    " VALUES (?1, ?2, 1, 1, ?3)"
    " ON CONFLICT DO UPDATE SET total = total + 1, unread = unread + 1,"
    " last_created_at = max(excluded.last_created_at, last_created_at + 1)"
    " RETURNING k, last_created_at, total - (SELECT most_per_user FROM notification_limits)";
constexpr char kInsert[] =
    "INSERT INTO notifications (id, box, created_at, type, once_key, title, message, data, link)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
constexpr char kDropOldest[] =
    "DELETE FROM notifications WHERE n IN"
    " (SELECT n FROM notifications WHERE box = ?1 ORDER BY n LIMIT ?2) RETURNING is_read";
constexpr char kUncount[] =
    "UPDATE notification_boxes SET total = total - ?2, unread = unread - ?3 WHERE k = ?1";

absl::StatusOr<bool> Exists(Query& query) {
  bool found = query.Next();
  RETURN_IF_ERROR(query.status());
  return found;
}

absl::StatusOr<bool> WantsIt(Db& db, const NewNotification& n) {
  if (n.user_id.empty()) return false;
  {
    Query query(db, kGone, n.user_id, n.organization_id);
    ASSIGN_OR_RETURN(bool gone, Exists(query));
    if (gone) return false;
  }
  if (n.once_key.empty()) return true;
  Query query(db, kToldAlready, n.organization_id, n.user_id, n.once_key, n.now - n.once_micros);
  ASSIGN_OR_RETURN(bool told, Exists(query));
  return !told;
}

absl::Status DropOldest(Db& db, int64_t box, int64_t count) {
  int64_t dropped = 0;
  int64_t unread = 0;
  {
    Query query(db, kDropOldest, box, count);
    while (query.Next()) {
      ++dropped;
      if (query.Int(0) == 0) ++unread;
    }
    RETURN_IF_ERROR(query.status());
  }
  return UncountNotifications(db, box, dropped, unread);
}

}  // namespace

absl::Status UncountNotifications(Db& db, int64_t box, int64_t total, int64_t unread) {
  return db.Run(kUncount, box, total, unread);
}

absl::StatusOr<int64_t> TellUser(Db& db, const NewNotification& n) {
  ASSIGN_OR_RETURN(bool wanted, WantsIt(db, n));
  if (!wanted) return 0;
  int64_t box, created_at, too_many;
  {
    Query query(db, kCount, n.organization_id, n.user_id, n.now);
    if (!query.Next()) {
      RETURN_IF_ERROR(query.status());
      return absl::InternalError("the notification was not counted");
    }
    box = query.Int(0);
    created_at = query.Int(1);
    too_many = query.Int(2);
  }
  RETURN_IF_ERROR(db.Run(kInsert, NewId("ntf"), box, created_at, ToString(n.type), n.once_key,
                         n.title, n.message, n.data.is_object() ? n.data.Dump() : std::string(),
                         n.link));
  db.NoteArrival(Arrival::kNotification);
  if (too_many > 0) RETURN_IF_ERROR(DropOldest(db, box, too_many));
  return 1;
}

absl::StatusOr<int64_t> TellAllUsers(Db& db, NewNotification notification) {
  std::vector<std::string> users;
  {
    Query query(db, kActiveUsers, notification.organization_id);
    while (query.Next()) users.push_back(query.Text(0));
    RETURN_IF_ERROR(query.status());
  }
  int64_t told = 0;
  for (std::string& user : users) {
    notification.user_id = std::move(user);
    ASSIGN_OR_RETURN(int64_t added, TellUser(db, notification));
    told += added;
  }
  return told;
}

absl::Status AddNotification(Db& db, const NewNotification& notification) {
  return TellUser(db, notification).status();
}

absl::Status AddNotificationForAll(Db& db, const NewNotification& notification) {
  return TellAllUsers(db, notification).status();
}

}  // namespace solvent
