// /credits/calculator, /credits/balance, /credits/transactions, /admin/credits/adjust, and
// /billing/checkout/topup.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "api.h"
#include "requests.h"
#include "solvent/error.h"

namespace solvent::api {
namespace {

using http::Request;
using http::Response;

constexpr double kEurosPerCredit = 0.016;
constexpr int64_t kCreditsPerEuro = 10;  // of what a balance is worth
constexpr int64_t kMaxCount = 10'000'000;

struct Plan {
  const char* name;
  double euros_per_credit;
};
constexpr Plan kPlans[] = {{"free", 0},           {"starter", 0.019},    {"pro", 0.016},
                           {"topup_500", 0.028},  {"topup_2000", 0.024}, {"topup_5000", 0.020},
                           {"topup_20000", 0.016}};
constexpr std::array<int64_t, 4> kTopUps = {500, 2000, 5000, 20000};

double Rounded(double value, double per_unit) { return std::round(value * per_unit) / per_unit; }
double Cents(double value) { return Rounded(value, 100); }
double Euros(int64_t credits, double each) {
  return Rounded(static_cast<double>(credits) * each, 1e4);
}

absl::StatusOr<int64_t> IntMember(const Json& body, const char* name,
                                  std::optional<int64_t> fallback, int64_t least, int64_t most) {
  std::string pointer = std::string("/") + name;
  const Json* member = body.Find(name);
  if (member == nullptr || member->is_null()) {
    if (fallback) return *fallback;
    return ValidationError(pointer, "is required", "missing");
  }
  if (!member->is_integer()) return ValidationError(pointer, "must be an integer", "type_error");
  int64_t value = member->as_int();
  if (value < least || value > most) {
    return ValidationError(pointer,
                           "must be from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return value;
}

absl::StatusOr<Response> Calculate(Context&, Request& request) {
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  struct Input {
    const char* name;
    std::optional<int64_t> fallback;
    int64_t least;
    int64_t most;
  };
  const Input inputs[] = {{"num_variables", std::nullopt, 0, kMaxCount},
                          {"num_integer_vars", 0, 0, kMaxCount},
                          {"num_binary_vars", 0, 0, kMaxCount},
                          {"num_constraints", 0, 0, kMaxCount},
                          {"time_limit_seconds", 60, 1, 3600}};
  int64_t values[std::size(inputs)];
  for (size_t i = 0; i < std::size(inputs); ++i) {
    const Input& input = inputs[i];
    absl::StatusOr<int64_t> value =
        IntMember(*body, input.name, input.fallback, input.least, input.most);
    if (!value.ok()) return value.status();
    values[i] = *value;
  }
  SolvePrice price =
      PriceSolve(values[0], values[1] + values[2], values[3], static_cast<double>(values[4]));
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("credits_required").Int(price.credits);
  w.Key("breakdown").BeginObject();
  w.Key("base_cost").Double(Cents(price.base));
  w.Key("variable_cost").Double(Cents(price.variables));
  w.Key("mip_penalty").Double(Cents(price.integrality));
  w.Key("constraint_cost").Double(Cents(price.constraints));
  w.Key("time_bonus").Double(Cents(price.time));
  w.Key("raw_total").Double(Cents(price.raw));
  w.Key("cap_applied").Bool(price.capped);
  w.Key("max_credits_per_solve").Int(kMaxCreditsPerSolve);
  w.EndObject();
  w.Key("cost_eur").Double(Euros(price.credits, kEurosPerCredit));
  w.Key("cost_by_plan").BeginObject();
  for (const Plan& plan : kPlans) {
    w.Key(plan.name).Double(Euros(price.credits, plan.euros_per_credit));
  }
  w.EndObject();
  w.EndObject();
  return Response::Json(200, std::move(text));
}

absl::StatusOr<Response> GetBalance(Context& context, Request& request) {
  absl::StatusOr<CreditBalance> balance =
      context.engine.credits().Balance(CallerOf(request).organization_id);
  if (!balance.ok()) return balance.status();
  // The grant is spent first; the rest of the balance was bought or given later.
  int64_t purchased = std::clamp<int64_t>(balance->adjusted, 0, balance->balance);
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("credits_balance").Value(balance->unlimited ? Json() : Json(balance->balance));
  w.Key("credits_earned").Int(0);  // nothing is sold here yet
  w.Key("credits_subscription").Int(balance->balance - purchased);
  w.Key("credits_purchased").Int(purchased);
  w.Key("credits_used").Int(balance->used);
  w.Key("unlimited").Bool(balance->unlimited);
  w.Key("currency").String("EUR");
  w.Key("local_balance")
      .Value(balance->unlimited ? Json()
                                : Json(static_cast<double>(balance->balance) / kCreditsPerEuro));
  w.Key("local_earned").Int(0);
  w.Key("exchange_rate").Double(1);
  w.Key("credits_per_eur").Int(kCreditsPerEuro);
  w.EndObject();
  return Response::Json(200, std::move(text));
}

void WriteEntry(JsonWriter& w, const CreditEntry& entry) {
  w.BeginObject();
  w.Key("id").String(entry.id);
  w.Key("transaction_type").String(ToString(entry.type));
  w.Key("credits_amount").Int(entry.amount);
  w.Key("balance_after").Int(entry.balance_after);
  w.Key("description")
      .String(entry.description.empty() && !entry.execution_id.empty()
                  ? "Execution " + entry.execution_id
                  : entry.description);
  w.Key("reference_type");
  WriteTextOrNull(w, entry.execution_id.empty() ? "" : "execution");
  w.Key("reference_id");
  WriteTextOrNull(w, entry.execution_id);
  w.Key("amount_eur").Null();
  w.Key("created_at");
  WriteTime(w, entry.created_at);
  w.EndObject();
}

absl::StatusOr<Response> ListTransactions(Context& context, Request& request) {
  CreditEntryFilter filter;
  std::string wanted = QueryText(request, "transaction_type");
  for (CreditEntryType type :
       {CreditEntryType::kAdjustment, CreditEntryType::kExecution, CreditEntryType::kRefund}) {
    if (wanted == ToString(type)) filter.type = type;
  }
  // Types that other deployments have: here nothing is of them.
  bool other = wanted == "purchase" || wanted == "sale_earning" || wanted == "withdrawal";
  if (!wanted.empty() && !filter.type && !other) {
    return ValidationError("query/transaction_type",
                           "must be purchase, execution, sale_earning, withdrawal, refund or "
                           "adjustment");
  }
  absl::StatusOr<int64_t> limit = QueryInt(request, "limit", 50, 1, 100);
  if (!limit.ok()) return limit.status();
  filter.limit = static_cast<int>(*limit);
  absl::StatusOr<int64_t> offset = QueryInt(request, "offset", 0, 0, INT64_MAX / 2);
  if (!offset.ok()) return offset.status();
  filter.offset = *offset;
  absl::StatusOr<std::vector<CreditEntry>> entries = std::vector<CreditEntry>();
  if (!other) {
    entries = context.engine.credits().Entries(CallerOf(request).organization_id, filter);
    if (!entries.ok()) return entries.status();
  }
  std::string text;
  JsonWriter w(text);
  w.BeginArray();
  for (const CreditEntry& entry : *entries) WriteEntry(w, entry);
  w.EndArray();
  Response response = Response::Json(200, std::move(text));
  LinkWindows(request, "offset", filter.offset, filter.limit, static_cast<int64_t>(entries->size()),
              std::nullopt, response);
  return response;
}

absl::StatusOr<Response> AdjustCredits(Context& context, Request& request) {
  if (!CallerOf(request).admin) {
    return MakeError(absl::StatusCode::kPermissionDenied, error_code::kForbidden,
                     "Only an operator's credential may do this");
  }
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  absl::StatusOr<std::string> organization = StringMember(*body, "organization_id", true);
  if (!organization.ok()) return organization.status();
  absl::StatusOr<int64_t> amount = IntMember(*body, "amount", std::nullopt, INT64_MIN, INT64_MAX);
  if (!amount.ok()) return amount.status();
  absl::StatusOr<std::string> reason = StringMember(*body, "reason", false);
  if (!reason.ok()) return reason.status();
  absl::StatusOr<Repeatable> repeatable = ReadRepeatable(request);
  if (!repeatable.ok()) return repeatable.status();
  absl::StatusOr<CreditEntry> entry =
      context.engine.credits().Adjust(*organization, *amount, *reason, &*repeatable);
  if (!entry.ok()) return entry.status();
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("id").String(entry->id);
  w.Key("organization_id").String(entry->organization_id);
  w.Key("amount").Int(entry->amount);
  w.Key("balance_after").Int(entry->balance_after);
  w.Key("transaction_type").String(ToString(entry->type));
  w.Key("description").String(entry->description);
  w.Key("created_at");
  WriteTime(w, entry->created_at);
  w.EndObject();
  Response response = Response::Json(200, std::move(text));
  MarkReplay(*repeatable, response);
  return response;
}

// There is no payment provider; a well-formed wish is told so.
absl::StatusOr<Response> TopUp(Context&, Request& request) {
  absl::StatusOr<Json> body = BodyObject(request);
  if (!body.ok()) return body.status();
  absl::StatusOr<int64_t> credits = IntMember(*body, "credits", std::nullopt, 0, INT64_MAX);
  if (!credits.ok()) return credits.status();
  if (std::find(kTopUps.begin(), kTopUps.end(), *credits) == kTopUps.end()) {
    return ValidationError("/credits", "must be 500, 2000, 5000 or 20000");
  }
  for (const char* name : {"success_url", "cancel_url"}) {
    absl::StatusOr<std::string> url = StringMember(*body, name, false);
    if (!url.ok()) return url.status();
  }
  return MakeError(absl::StatusCode::kUnavailable, error_code::kUnavailable,
                   "No payment provider is configured; ask the operator for credits");
}

}  // namespace

absl::Status AddCreditRoutes(http::HttpServer& server, Context& context) {
  const RouteRow rows[] = {
      {"POST", "/credits/calculator", Calculate, "public", http::Auth::kPublic},
      {"GET", "/credits/balance", GetBalance},
      {"GET", "/credits/transactions", ListTransactions},
      {"POST", "/admin/credits/adjust", AdjustCredits},
      {"POST", "/billing/checkout/topup", TopUp},
  };
  return AddTable(server, context, kBase, rows);
}

}  // namespace solvent::api
